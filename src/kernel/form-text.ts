/** The value that a field of a form means where JSON is asked for; other text is left as it is. */
export function fromJsonText(text: unknown): unknown {
  if (typeof text !== 'string') return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The number that a field of a form means; other text is left as it is. */
export function fromNumberText(text: unknown): unknown {
  return typeof text === 'string' && /^\d+$/.test(text) ? Number(text) : text;
}
