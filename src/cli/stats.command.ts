import type { Command } from 'commander';
import type { QueueNumbers } from '../queue/queue.contract.js';
import type { Cli, Format } from './cli.js';
import { formatOption, wholeNumber } from './option-parsers.js';
import { oldestIn, perMinute, waitingIn } from './queue-text.js';
import { duration, renderTable, type Cell } from './table.js';

const HEAD = [
  'QUEUE',
  'WAIT',
  'RUN',
  'DONE',
  'FAILED',
  'DEAD',
  'OLDEST',
  'PER MIN',
  'WAIT P95',
  'RUN P95',
  'WORKERS',
  'STATE',
];

export function addStats(program: Command, cli: Cli): void {
  program
    .command('stats')
    .description('show each queue in numbers')
    .option('--queue <name>', 'one queue only')
    .option('--window <minutes>', 'how far rates and percentiles look back', wholeNumber(1, 2_880))
    .addOption(formatOption())
    .addHelpText('after', '\nExample:\n  intake stats --queue documents')
    .action(async ({ queue, window, format }: { queue?: string; window?: number; format: Format }) => {
      const stats = await cli.client().queue.stats({ queue, window });
      const rows = queue ? stats.queues : [...stats.queues, stats.total];
      cli.show(format, stats, () => renderTable(HEAD, rows.map(rowOf)));
    });
}

function rowOf(queue: QueueNumbers): Cell[] {
  return [
    queue.name,
    waitingIn(queue),
    queue.processing_tasks,
    queue.total_completed,
    queue.total_failed,
    queue.dead_letter_tasks,
    oldestIn(queue),
    perMinute(queue),
    duration(queue.wait_p95_ms),
    duration(queue.run_p95_ms),
    queue.workers,
    queue.paused ? 'paused' : 'open',
  ];
}
