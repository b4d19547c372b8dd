import type { Command } from 'commander';
import type { IntakeClient } from '../client/intake-client.js';
import { everyRow } from '../client/page.js';
import type { Cli, Format } from './cli.js';
import { formatOption } from './option-parsers.js';
import { duration, moment, renderTable, shorten, type Cell } from './table.js';
import { taskFacts } from './task-text.js';

const ATTEMPTS = ['ATTEMPT', 'OUTCOME', 'STARTED', 'RAN', 'WORKER', 'ERROR'];
const MAX_DETAIL = 100;

type Job = Awaited<ReturnType<typeof read>>;

export function addJob(program: Command, cli: Cli): void {
  program
    .command('job')
    .description('show one task with its attempts and its history')
    .argument('<id>', "a task's id or its own name")
    .addOption(formatOption())
    .addHelpText('after', '\nExample:\n  intake job 01990f2e-5b6c-7d10-9a55-0c2f6d1b7a10')
    .action(async (id: string, { format }: { format: Format }) => {
      const job = await read(cli.client(), id);
      cli.show(format, job, () => textOf(job));
    });
}

async function read({ tasks }: IntakeClient, id: string) {
  const [task, attempts, events] = await Promise.all([
    tasks.get(id),
    everyRow((page) => tasks.attempts(id, page)),
    everyRow((page) => tasks.events(id, page)),
  ]);
  return { task, attempts, events };
}

function textOf({ task, attempts, events }: Job): string {
  return [
    taskFacts(task),
    ...(attempts.length > 0 ? ['', renderTable(ATTEMPTS, attempts.map(rowOf))] : []),
    '',
    renderTable(
      ['AT', 'EVENT', 'DETAIL'],
      events.map(({ at, event, detail }) => [
        moment(at),
        event,
        detail && shorten(JSON.stringify(detail), MAX_DETAIL),
      ]),
    ),
  ].join('\n');
}

function rowOf({ attempt, outcome, started_at, run_ms, worker_id, error }: Job['attempts'][number]): Cell[] {
  return [
    attempt,
    outcome,
    moment(started_at),
    duration(run_ms),
    worker_id,
    error && `${error.code}: ${error.message}`,
  ];
}
