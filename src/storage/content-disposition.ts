const MAX_NAME = 200;

/**
 * The header that makes any browser save a file under a name and never show it (RFC 6266, RFC 8187).
 * @param name any text; path separators, quotes and control characters are replaced
 */
export function attachment(name: string): string {
  // oxlint-disable-next-line no-control-regex
  const plain = name.replace(/[\u0000-\u001f\u007f"\\/]/g, '_').slice(0, MAX_NAME);
  // Half of a pair, from the caller or from the cut, becomes a question mark.
  const shown = Buffer.from(plain).toString() || 'file';
  const ascii = shown.replace(/[^ -~]/g, '_').replaceAll('%', '_');
  const encoded = encodeURIComponent(shown).replace(/['()*]/g, percentEncoded);
  return `attachment; filename="${ascii}"; filename*=UTF-8''${encoded}`;
}

function percentEncoded(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}
