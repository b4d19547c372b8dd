/** A database is named because one must be; no tool that uses this asks it. */
const UNUSED = { DATABASE_URL: 'postgresql://unused', AUTH_MODE: 'disabled', API_HOST: '127.0.0.1' };

/**
 * What the parts of the built product expect around them, as a global module, for tools that run a few of them: the
 * environment's settings and a registry of metrics.
 * @param variables in the place of the environment's
 */
export async function surroundings(variables = {}) {
  const { Config, readConfig } = await import('../../dist/config/config.js');
  const { Metrics } = await import('../../dist/telemetry/metrics.registry.js');
  class Surroundings {}
  const config = readConfig({ ...process.env, ...UNUSED, ...variables });
  const providers = [{ provide: Config, useValue: config }, Metrics];
  return { module: Surroundings, global: true, providers, exports: [Config, Metrics] };
}
