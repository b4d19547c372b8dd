import type { Type } from '@nestjs/common';
import { readConfig } from '../config/config.js';
import { startTracing } from '../telemetry/tracing.js';
import { untilStopped } from './until-stopped.js';

/**
 * Runs the API until it is told to stop.
 * @param extraModules beside those that ship with Intake
 * @returns the exit code
 */
export async function run(extraModules: readonly Type[] = []): Promise<number> {
  const config = readConfig();
  const stopTracing = await startTracing(config, 'intake-api');
  const [{ createHttpApp }, { ApiModule }] = await Promise.all([
    import('../http/http-app.js'),
    import('./api.module.js'),
  ]);
  const app = await createHttpApp({ module: ApiModule, imports: [...extraModules] }, config);
  try {
    await app.listen({ host: config.apiHost, port: config.apiPort });
  } catch (error) {
    await app.close();
    throw listenFault(error, config.apiPort);
  }
  process.send?.({ listening: await app.getUrl() });
  await untilStopped();
  await app.close();
  await stopTracing();
  return 0;
}

function listenFault(error: unknown, port: number): unknown {
  if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') return error;
  return new Error(`Port ${port} is taken: choose another with --port or API_PORT`, { cause: error });
}
