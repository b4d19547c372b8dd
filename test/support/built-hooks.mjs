const SOURCE = new URL('../../src/', import.meta.url).href;
const BUILT = new URL('../../dist/', import.meta.url).href;

export function resolve(specifier, context, next) {
  const isOurs = specifier.startsWith('.') && context.parentURL?.startsWith('file:');
  const target = isOurs ? new URL(specifier, context.parentURL).href : '';
  if (!target.startsWith(SOURCE)) return next(specifier, context);
  return { url: target.replace(SOURCE, BUILT), format: 'module', shortCircuit: true };
}
