import type { Command } from 'commander';
import type { IntakeClient } from '../client/intake-client.js';
import type { QueueNumbers } from '../queue/queue.contract.js';
import type { Cli, Format } from './cli.js';
import { formatOption } from './option-parsers.js';
import { oldestIn, perMinute, waitingIn } from './queue-text.js';
import { moment, renderFacts, renderTable, shorten, type Cell } from './table.js';

const QUEUES = ['QUEUE', 'WAIT', 'RUN', 'DEAD', 'OLDEST', 'PER MIN', 'FAILS', 'WORKERS', 'STATE'];
const CAUSES = ['DEAD', 'TYPE', 'ERROR', 'LAST SEEN', 'SAMPLE'];
const MAX_CAUSES = 5;

type Summary = Awaited<ReturnType<typeof read>>;

export function addSummary(program: Command, cli: Cli): void {
  program
    .command('summary')
    .description('show queues, workers and dead letters on one screen')
    .addOption(formatOption())
    .addHelpText('after', '\nExample:\n  intake summary')
    .action(async ({ format }: { format: Format }) => {
      const summary = await read(cli.client());
      cli.show(format, summary, () => summaryText(summary));
    });
}

async function read({ queue }: IntakeClient) {
  const [stats, workers, causes] = await Promise.all([
    queue.stats(),
    queue.workerTotals(),
    queue.deadLetters.summary({ limit: MAX_CAUSES }),
  ]);
  return { stats, workers, dead_letters: causes.data };
}

/** Everything on one screen. */
export function summaryText({ stats, workers, dead_letters: causes }: Summary): string {
  const { total } = stats;
  const facts = {
    tasks: `${waitingIn(total)} waiting, ${total.processing_tasks} running, ${total.total_completed} completed, ${total.total_failed} failed`,
    oldest: oldestOf(stats.queues),
    workers: `${workers.idle} idle, ${workers.busy} busy, ${workers.draining} draining, ${workers.lost} lost`,
    slots: `${workers.busy_slots} of ${workers.slots} busy`,
    transport: total.transport.window_used === null ? 'does not answer' : total.transport.kind,
  };
  return [
    renderFacts(facts),
    '',
    renderTable(QUEUES, stats.queues.map(queueRow)),
    '',
    causes.length === 0 ? 'no dead letters' : renderTable(CAUSES, causes.map(causeRow)),
  ].join('\n');
}

function oldestOf(queues: readonly QueueNumbers[]): string {
  const [oldest] = queues.toSorted((a, b) => (b.oldest_age_seconds ?? -1) - (a.oldest_age_seconds ?? -1));
  const age = oldest && oldestIn(oldest);
  return age ? `${age} in ${oldest.name}` : 'nothing waits';
}

function queueRow(queue: QueueNumbers): Cell[] {
  return [
    queue.name,
    waitingIn(queue),
    queue.processing_tasks,
    queue.dead_letter_tasks,
    oldestIn(queue),
    perMinute(queue),
    `${Math.round(queue.failure_rate * 100)} %`,
    queue.workers,
    queue.paused ? 'paused' : 'open',
  ];
}

function causeRow(cause: Summary['dead_letters'][number]): Cell[] {
  const error = `${cause.error_code ?? '-'}: ${cause.message ?? ''}`;
  return [cause.count, cause.type, shorten(error, 60), moment(cause.last_seen_at), cause.sample_task_id];
}
