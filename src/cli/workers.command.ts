import type { Command } from 'commander';
import type { WorkerView } from '../queue/queue.contract.js';
import type { Cli, Format } from './cli.js';
import { formatOption } from './option-parsers.js';
import { megabytes, moment, renderTable, type Cell } from './table.js';

const MAX_ROWS = 200;
const HEAD = ['WORKER', 'STATUS', 'BUSY', 'SLOTS', 'DONE', 'FAILED', 'MEMORY', 'LAST SEEN', 'QUEUES'];

export function addWorkers(program: Command, cli: Cli): void {
  program
    .command('workers')
    .description('show the workers that live or were lost within the hour')
    .addOption(formatOption())
    .addHelpText('after', '\nExample:\n  intake workers --format json')
    .action(async ({ format }: { format: Format }) => {
      const page = await cli.client().queue.workers({ limit: MAX_ROWS });
      cli.show(format, page, () => renderTable(HEAD, page.data.map(rowOf)));
    });
}

function rowOf(worker: WorkerView): Cell[] {
  return [
    worker.worker_id,
    worker.status,
    worker.active,
    worker.slots,
    worker.processed,
    worker.failed,
    megabytes(worker.memory_bytes),
    moment(worker.last_seen_at),
    worker.queues.join(' '),
  ];
}
