import { createPostgresBackend, Queue, runMigrations, setDefaultBackendFactory, Worker } from 'bullmq';
import { Client } from 'pg';
import type { Side, SideOptions } from './side.js';

/** BullMQ as its documentation shows it, keeping nothing of what is done. */
export async function openBullmq(options: SideOptions): Promise<Side> {
  const connection = await connectionOf(options);
  const defaultJobOptions = { removeOnComplete: true, removeOnFail: true };
  const queue = new Queue('bench', { connection, defaultJobOptions });
  await queue.waitUntilReady();
  const worker = options.concurrency > 0 ? work(connection, options) : null;
  await worker?.waitUntilReady();
  return {
    submit: () => queue.add('echo', {}),
    close: async () => {
      await worker?.close();
      await queue.close();
    },
  };
}

function work(connection: object, { concurrency, onStart, onEnd }: SideOptions): Worker {
  const worker = new Worker('bench', async () => onStart(), { connection, concurrency });
  worker.on('completed', onEnd);
  return worker;
}

async function connectionOf({ databaseUrl, redisUrl }: SideOptions): Promise<object> {
  if (redisUrl) return { url: redisUrl };
  setDefaultBackendFactory(createPostgresBackend);
  const client = new Client(databaseUrl);
  await client.connect();
  await runMigrations(client);
  await client.end();
  return { connectionString: databaseUrl };
}
