import { parentPort, workerData } from 'node:worker_threads';
import pg from 'pg';

interface PulseData {
  connectionString: string;
  sql: string;
  intervalMs: number;
  stopAfterMs: number;
  parameters: unknown[];
}

const { connectionString, sql, intervalMs, stopAfterMs, parameters: first } = workerData as PulseData;
let parameters = first;
let heardAtMs = nowMs();
let client: pg.Client | null = null;

parentPort?.on('message', (next: unknown[]) => {
  parameters = next;
  heardAtMs = nowMs();
});

for (;;) {
  if (nowMs() - heardAtMs < stopAfterMs) await beat();
  await new Promise((resolve) => setTimeout(resolve, intervalMs));
}

async function beat(): Promise<void> {
  try {
    const startedAtMs = nowMs();
    client ??= await connect();
    const { rows } = await client.query(sql, parameters);
    parentPort?.postMessage({ startedAtMs, rows });
  } catch (error) {
    // Silence is the message: the main thread counts the time since the last beat, and tells why when that is long.
    parentPort?.postMessage({ fault: error instanceof Error ? error.message : String(error) });
    // A connection that may be broken need not say farewell.
    void client?.end().catch(() => undefined);
    client = null;
  }
}

async function connect(): Promise<pg.Client> {
  const fresh = new pg.Client({
    connectionString,
    application_name: 'intake heartbeat',
    connectionTimeoutMillis: 3_000,
    query_timeout: 3_000,
    keepAlive: true,
  });
  fresh.on('error', () => {
    if (client === fresh) client = null;
  });
  await fresh.connect();
  return fresh;
}

function nowMs(): number {
  return Number(process.hrtime.bigint() / 1_000_000n);
}
