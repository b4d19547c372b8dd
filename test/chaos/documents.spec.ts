import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Deployment, type IntakeProcess } from '../support/processes.js';
import { eventually, transports } from '../support/stack.js';

const SAMPLES = fileURLToPath(new URL('../../samples/documents/', import.meta.url));
const DOCUMENTS = 50;

/** Of each document: chunks that its row promises, chunks and vectors that are there, and how often it completed. */
const LEDGER = `
SELECT d.document_id, t.status, d.chunks AS promised,
  (SELECT count(*)::int FROM document_chunks c WHERE c.document_id = d.document_id) AS chunks,
  (SELECT count(*)::int FROM vectors v WHERE v.source = d.document_id) AS vectors,
  (SELECT count(*)::int FROM task_attempts a WHERE a.task_id = d.task_id AND a.outcome = 'completed') AS completed
FROM documents d JOIN tasks t ON t.id = d.task_id`;

describe.each(transports())('fifty documents in flight, queue on %s', (transport) => {
  let deployment: Deployment;

  beforeAll(async () => {
    deployment = await Deployment.start(transport);
  });

  afterAll(() => deployment?.stop());

  it(
    'all end once, with one chunk and one vector each, though their worker is killed twice',
    { timeout: 180_000 },
    async () => {
      const files = readdirSync(SAMPLES).map((name) => ({ name, bytes: readFileSync(join(SAMPLES, name)) }));
      const accepted = await Promise.all(
        Array.from({ length: DOCUMENTS }, async (_, at) => {
          const { name, bytes } = files[at % files.length];
          const form = new FormData();
          form.set('document_id', `${at}-${name}`);
          form.set('user_id', '7');
          form.set('file', new Blob([bytes]), name);
          const response = await fetch(`${deployment.url}/api/documents`, { method: 'POST', body: form });
          expect(response.status).toBe(202);
          return ((await response.json()) as { task_id: string }).task_id;
        }),
      );
      expect(new Set(accepted).size).toBe(DOCUMENTS);
      const client = new Client(deployment.variables.DATABASE_URL);
      await client.connect();
      try {
        for (let kill = 1; kill <= 2; kill += 1) {
          const { worker } = deployment;
          await caughtInTheMiddle(client, worker, 3 * kill);
          await worker.kill('SIGKILL');
          await deployment.startWorker();
        }
        await eventually(() => settled(client), { timeoutMs: 120_000, everyMs: 500 });
        const { rows } = await client.query<Record<string, number | string>>(LEDGER);
        expect(rows).toHaveLength(DOCUMENTS);
        for (const row of rows) {
          expect(row).toEqual({
            ...row,
            status: 'completed',
            chunks: row.promised,
            vectors: row.promised,
            completed: 1,
          });
        }
        const { rows: crashed } = await client.query(`SELECT 1 FROM task_attempts WHERE outcome = 'lost'`);
        expect(crashed.length).toBeGreaterThan(0);
      } finally {
        await client.end();
      }
    },
  );
});

/** Freezes the worker while some documents are done, some run and cannot settle any more, and some are to come. */
async function caughtInTheMiddle(client: Client, worker: IntakeProcess, done: number): Promise<void> {
  await eventually(
    async () => {
      if ((await count(client, 'completed')) < done) return false;
      process.kill(worker.pid, 'SIGSTOP');
      await client.query('SELECT pg_sleep(0.3)'); // what was on its way arrives
      if ((await count(client, 'processing')) > 0) return true;
      process.kill(worker.pid, 'SIGCONT');
      return false;
    },
    { timeoutMs: 60_000, everyMs: 5 },
  );
}

async function count(client: Client, status: string): Promise<number> {
  const { rows } = await client.query<{ n: number }>(
    'SELECT count(*)::int AS n FROM tasks WHERE status = $1',
    [status],
  );
  return rows[0].n;
}

async function settled(client: Client): Promise<boolean> {
  const { rows } = await client.query<{ open: number }>(
    `SELECT count(*)::int AS open FROM tasks WHERE status NOT IN ('completed', 'failed', 'cancelled')`,
  );
  return rows[0].open === 0;
}
