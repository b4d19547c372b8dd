import { createHash, createHmac } from 'node:crypto';

export interface SignedRequest {
  method: string;
  /** Path and query as they were sent. */
  url: string;
  headers: Readonly<Record<string, string>>;
  /** Of the body, hexadecimal, or UNSIGNED-PAYLOAD. */
  payloadHash: string;
}

export interface Signing {
  secret: string;
  /** `20260131/eu-west-1/s3/aws4_request`. */
  credentialScope: string;
  /** `20260131T120000Z`. */
  at: string;
  signedHeaders: readonly string[];
}

/** AWS Signature Version 4 as its documentation describes it; our client's own code is not used. */
export function signatureOf({ method, url, headers, payloadHash }: SignedRequest, signing: Signing): string {
  const { pathname, searchParams } = new URL(url, 'http://unused');
  const query = [...searchParams]
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => `${encoded(name)}=${encoded(value)}`)
    .toSorted()
    .join('&');
  const named = signing.signedHeaders.map((name) => `${name}:${(headers[name] ?? '').trim()}\n`).join('');
  const canonical = [method, pathname, query, named, signing.signedHeaders.join(';'), payloadHash].join('\n');
  const hash = createHash('sha256').update(canonical).digest('hex');
  const toSign = ['AWS4-HMAC-SHA256', signing.at, signing.credentialScope, hash].join('\n');
  const key = signing.credentialScope
    .split('/')
    .reduce<Buffer>((secret, part) => hmac(secret, part), Buffer.from(`AWS4${signing.secret}`));
  return hmac(key, toSign).toString('hex');
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

/** RFC 3986: all but letters, digits and `-._~`. */
function encoded(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
