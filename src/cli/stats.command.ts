import type { Command } from 'commander';
import type { QueueNumbers } from '../queue/queue.contract.js';
import type { Cli, Format } from './cli.js';
import { formatOption } from './option-parsers.js';
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
    .addOption(formatOption())
    .addHelpText('after', '\nExample:\n  intake stats --queue documents')
    .action(async ({ queue, format }: { queue?: string; format: Format }) => {
      const stats = await cli.client().queue.stats({ queue });
      const rows = queue ? stats.queues : [...stats.queues, stats.total];
      cli.show(format, stats, () => renderTable(HEAD, rows.map(rowOf)));
    });
}

function rowOf(queue: QueueNumbers): Cell[] {
  const { oldest_age_seconds: oldest } = queue;
  return [
    queue.name,
    queue.blocked_tasks + queue.scheduled_tasks + queue.pending_tasks + queue.queued_tasks,
    queue.processing_tasks,
    queue.total_completed,
    queue.total_failed,
    queue.dead_letter_tasks,
    duration(oldest === null ? null : oldest * 1_000),
    Math.round(queue.throughput_per_minute * 10) / 10,
    duration(queue.wait_p95_ms),
    duration(queue.run_p95_ms),
    queue.workers,
    queue.paused ? 'paused' : 'open',
  ];
}
