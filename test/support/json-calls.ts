export interface JsonAnswer {
  status: number;
  headers: Headers;
  body: Record<string, unknown>;
}

/** A call whose answer is JSON, or nothing. */
export async function fetchJson(url: string, init?: RequestInit): Promise<JsonAnswer> {
  const response = await fetch(url, init);
  const text = await response.text();
  const body = (text ? JSON.parse(text) : {}) as JsonAnswer['body'];
  return { status: response.status, headers: response.headers, body };
}

export function postJson(
  url: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<JsonAnswer> {
  const init = { method: 'POST', body: JSON.stringify(body) };
  return fetchJson(url, { ...init, headers: { 'content-type': 'application/json', ...headers } });
}

/** A form with one file that has no telling name. */
export function formOf(bytes: Uint8Array, fields: Record<string, string>): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  form.set('file', new Blob([bytes]), 'picture.bin');
  return form;
}
