import { InvalidArgumentError, type Command } from 'commander';
import { TaskStatusFilter, type TaskView } from '../tasks/tasks.contract.js';
import type { Cli, Format } from './cli.js';
import { formatOption, wholeNumber } from './option-parsers.js';
import { duration, moment, shorten, renderTable, type Cell } from './table.js';

const HEAD = ['TASK', 'TYPE', 'STATUS', 'PRIO', 'TRIES', 'CREATED', 'RAN', 'ERROR'];

type Status = (typeof TaskStatusFilter.options)[number];

interface JobsOptions {
  status?: Status[];
  type?: string;
  queue?: string;
  limit: number;
  format: Format;
}

export function addJobs(program: Command, cli: Cli): void {
  program
    .command('jobs')
    .description('list tasks, newest first')
    .option(
      '--status <statuses>',
      `separated by commas: ${TaskStatusFilter.options.join(', ')}`,
      parseStatuses,
    )
    .option('--type <type>', 'of one type only')
    .option('--queue <name>', 'of one queue only')
    .option('--limit <n>', 'how many', wholeNumber(1, 200), 50)
    .addOption(formatOption())
    .addHelpText('after', '\nExample:\n  intake jobs --status failed,cancelled --limit 20')
    .action(async ({ status, format, ...filter }: JobsOptions) => {
      const tasks = await list(cli, status ?? [undefined], filter);
      cli.show(format, { data: tasks }, () => tasksTable(tasks));
    });
}

/** One call for each status; ids sort by birth. */
async function list(
  cli: Cli,
  statuses: ReadonlyArray<Status | undefined>,
  filter: Omit<JobsOptions, 'status' | 'format'>,
) {
  const pages = await Promise.all(statuses.map((status) => cli.client().tasks.list({ ...filter, status })));
  const tasks = new Map(pages.flatMap(({ data }) => data).map((task) => [task.task_id, task]));
  return [...tasks.values()].toSorted((a, b) => (a.task_id < b.task_id ? 1 : -1)).slice(0, filter.limit);
}

export function tasksTable(tasks: readonly TaskView[]): string {
  return renderTable(HEAD, tasks.map(rowOf));
}

function rowOf(task: TaskView): Cell[] {
  return [
    task.task_id,
    task.type,
    task.status,
    task.priority,
    task.attempts,
    moment(task.created_at),
    duration(task.run_ms),
    task.error && shorten(task.error.code, 24),
  ];
}

function parseStatuses(text: string): Status[] {
  const statuses = TaskStatusFilter.array().safeParse(text.split(',').map((status) => status.trim()));
  if (!statuses.success)
    throw new InvalidArgumentError(`Allowed are ${TaskStatusFilter.options.join(', ')}.`);
  return statuses.data;
}
