import { openTransport, type Environment } from './transport-app.js';

// Serves one queue until it is killed; says which entries it was given, and finishes them unless told to hold them.
const [environment = '{}', queue = '', concurrency = '1', hold = ''] = process.argv.slice(2);
const { transport } = await openTransport(JSON.parse(environment) as Environment);

await transport.serve([{ queue, concurrency: Number(concurrency) }], async ({ taskId, epoch }) => {
  process.stdout.write(`${taskId}-${epoch}\n`);
  if (hold) await new Promise(() => {});
});
process.stdout.write('ready\n');
