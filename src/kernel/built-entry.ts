/**
 * Where the compiled entry of a thread or child process lies. Node cannot start a thread from TypeScript, so code that
 * runs from `src` (tests) is sent to the same place in `dist`, which must be built; code in `dist` stays where it is.
 * @param from the caller's `import.meta.url`
 * @param relative path of the entry as seen by the caller, with the `.js` suffix
 */
export function builtEntry(from: string, relative: string): URL {
  const entry = new URL(relative, from);
  if (!from.endsWith('.ts')) return entry;
  const sources = new URL('../', import.meta.url).href;
  const built = new URL('../../dist/', import.meta.url).href;
  return new URL(entry.href.replace(sources, built));
}
