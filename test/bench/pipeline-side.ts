import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { IntakeClient } from '../../src/client/intake-client.js';
import { eventually } from '../support/eventually.js';
import { IntakeProcess } from '../support/processes.js';
import type { Pipeline } from './pipelines.js';
import type { Place } from './scenarios.js';

const PATIENCE = { timeoutMs: 600_000, everyMs: 25 };
const COUNTS = `
SELECT count(*) FILTER (WHERE status = 'completed')::int AS completed,
  count(*) FILTER (WHERE status IN ('failed', 'cancelled'))::int AS failed FROM tasks`;

/**
 * Intake as it ships: an API and a worker from the build, with their default settings, and files that are asked for over
 * HTTP.
 * @param storageRoot the names are keys in it
 * @returns seconds from the first request to the last settled task, of all files but the first ones
 */
export async function runPipeline(
  { submit, warmUp }: Pipeline,
  { databaseUrl, redisUrl }: Place,
  storageRoot: string,
  keys: readonly string[],
): Promise<number> {
  const dataDir = mkdtempSync(join(tmpdir(), 'intake-bench-data-'));
  const variables = {
    DATABASE_URL: databaseUrl,
    AUTH_MODE: 'disabled',
    API_PORT: '0',
    WORKER_HEALTH_PORT: '0',
    LOG_LEVEL: 'error',
    STORAGE_ROOT: storageRoot,
    INTAKE_DATA_DIR: dataDir,
    INTAKE_SECRET_KEY: 'the secret key of a benchmark, which is none',
    ...(redisUrl ? { REDIS_URL: redisUrl } : {}),
  };
  const processes: IntakeProcess[] = [];
  const database = new Client(databaseUrl);
  await database.connect();
  try {
    const api = await IntakeProcess.start('api', variables);
    processes.push(api);
    processes.push(await IntakeProcess.start('worker', variables));
    const client = new IntakeClient({ url: (api.ready as { listening: string }).listening });
    await submit(client, keys.slice(0, warmUp));
    await completed(database, warmUp);
    const begunMs = performance.now();
    await submit(client, keys.slice(warmUp));
    await completed(database, keys.length);
    return (performance.now() - begunMs) / 1_000;
  } finally {
    await Promise.all(processes.map((process) => process.kill('SIGTERM')));
    await database.end();
    rmSync(dataDir, { recursive: true, force: true });
    rmSync(join(storageRoot, 'uploads'), { recursive: true, force: true });
  }
}

/** @throws Error when a task failed: then there is nothing to compare */
async function completed(database: Client, count: number): Promise<void> {
  const ended = await eventually(async () => {
    const { rows } = await database.query<{ completed: number; failed: number }>(COUNTS);
    return rows.find(({ completed: done, failed }) => failed > 0 || done === count);
  }, PATIENCE);
  if (ended.failed > 0) throw new Error(`${ended.failed} tasks failed`);
}
