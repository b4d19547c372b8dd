import { Option, type Command } from 'commander';
import type { ScheduleView } from '../schedules/schedules.contract.js';
import type { Json } from '../kernel/json.js';
import type { Cli, Format } from './cli.js';
import { formatOption, parsePayload, priorityOption, wholeNumber } from './option-parsers.js';
import { moment, renderFacts, renderTable, shorten, type Cell } from './table.js';
import { taskFacts } from './task-text.js';
import { watchTasks } from './watch.js';

const HEAD = ['NAME', 'CRON', 'ZONE', 'TYPE', 'NEXT', 'LAST', 'FIRED', 'SKIPPED', 'STATE'];
const NAME = "a schedule's name or its id";
const EXAMPLE =
  "  intake schedules create nightly --cron '30 2 * * *' --timezone Europe/Berlin --type diagnostics.echo --overlap skip";

interface Formatted {
  format: Format;
}

interface Definition extends Formatted {
  cron: string;
  type: string;
  timezone?: string;
  payload?: Json;
  priority?: number;
  catchUp?: ScheduleView['catch_up'];
  overlap?: ScheduleView['overlap'];
}

export function addSchedules(program: Command, cli: Cli): void {
  const schedules = program
    .command('schedules')
    .description('tasks that come again: list, create and control them')
    .addHelpText('after', `\nExample:\n${EXAMPLE}`);
  addReads(schedules, cli);
  addDefinitions(schedules, cli);
  addControls(schedules, cli);
}

function addReads(schedules: Command, cli: Cli): void {
  schedules
    .command('list', { isDefault: true })
    .description('list schedules, newest first')
    .option('--limit <n>', 'how many', wholeNumber(1, 200), 50)
    .addOption(formatOption())
    .action(async ({ limit, format }: { limit: number } & Formatted) => {
      const page = await cli.client().schedules.list({ limit });
      cli.show(format, page, () => renderTable(HEAD, page.data.map(rowOf)));
    });
  schedules
    .command('show')
    .description('show one schedule')
    .argument('<name>', NAME)
    .addOption(formatOption())
    .action(async (name: string, { format }: Formatted) =>
      show(cli, format, await cli.client().schedules.get(name)),
    );
  schedules
    .command('next')
    .description('show when a schedule is due next, or when an expression would be')
    .argument('[name]', NAME)
    .option('--cron <expression>', 'an expression in place of a schedule')
    .option('--timezone <zone>', 'its IANA time zone', 'UTC')
    .option('--count <n>', 'how many', wholeNumber(1, 100), 5)
    .addOption(formatOption())
    .action(
      async (
        name: string | undefined,
        options: { cron?: string; timezone: string; count: number } & Formatted,
        command: Command,
      ) => {
        const { cron, timezone, count, format } = options;
        if ((name === undefined) === (cron === undefined)) command.error('error: give a NAME, or --cron');
        const calls = cli.client().schedules;
        const next =
          cron === undefined
            ? await calls.next(name ?? '', count)
            : await calls.preview({ cron, timezone, count });
        cli.show(format, next, () =>
          renderTable(
            ['DUE (UTC)', 'LOCAL'],
            next.data.map(({ at, local }) => [moment(at), local]),
          ),
        );
      },
    );
}

function addDefinitions(schedules: Command, cli: Cli): void {
  defining(schedules.command('create').description('create a schedule'))
    .requiredOption('--cron <expression>', "such as '30 2 * * *', or @daily")
    .requiredOption('--type <type>', 'task type, such as diagnostics.echo')
    .option('--replace', 'make one of this name what is given here', false)
    .addHelpText('after', `\nExample:\n${EXAMPLE}`)
    .action(async (name: string, { replace, ...definition }: Definition & { replace: boolean }) => {
      const { schedules: calls } = cli.client();
      const request = { ...toRequest(definition), cron: definition.cron, type: definition.type };
      show(
        cli,
        definition.format,
        await (replace ? calls.replace(name, request) : calls.create({ name, ...request })),
      );
    });
  defining(schedules.command('update').description('change what is given; the rest stays'))
    .option('--cron <expression>', "such as '30 2 * * *', or @daily")
    .option('--type <type>', 'task type, such as diagnostics.echo')
    .action(async (name: string, definition: Definition) => {
      show(cli, definition.format, await cli.client().schedules.update(name, toRequest(definition)));
    });
}

function addControls(schedules: Command, cli: Cli): void {
  for (const [verb, what] of [
    ['pause', 'let its ticks pass'],
    ['resume', 'go on with the next tick'],
  ] as const) {
    schedules
      .command(verb)
      .description(what)
      .argument('<name>', NAME)
      .addOption(formatOption())
      .action(async (name: string, { format }: Formatted) =>
        show(cli, format, await cli.client().schedules[verb](name)),
      );
  }
  schedules
    .command('run')
    .description('submit its task now, beside its ticks')
    .argument('<name>', NAME)
    .option('--watch', 'wait until it is done; exit code 1 if it fails', false)
    .addOption(formatOption())
    .action(async (name: string, { watch, format }: { watch: boolean } & Formatted) => {
      const accepted = await cli.client().schedules.run(name);
      if (!watch) return cli.show(format, accepted, () => renderFacts({ ...accepted, links: undefined }));
      const [task] = await watchTasks(cli, [accepted.task_id]);
      if (task) cli.show(format, task, () => taskFacts(task));
    });
  schedules
    .command('delete')
    .description('delete a schedule; its tasks stay')
    .argument('<name>', NAME)
    .action(async (name: string) => {
      await cli.client().schedules.delete(name);
      cli.terminal.out(`Schedule ${name} is deleted`);
    });
}

function defining(command: Command): Command {
  return command
    .argument('<name>', NAME)
    .option('--timezone <zone>', 'IANA time zone; UTC if not given')
    .option('--payload <json>', 'JSON, or @file that holds it', parsePayload)
    .addOption(priorityOption())
    .addOption(new Option('--catch-up <policy>', 'ticks of an outage').choices(['none', 'last', 'all']))
    .addOption(
      new Option('--overlap <policy>', 'beside the task before').choices(['allow', 'skip', 'cancel']),
    )
    .addOption(formatOption());
}

function toRequest({ cron, type, timezone, payload, priority, catchUp, overlap }: Partial<Definition>) {
  return { cron, type, timezone, payload, priority, catch_up: catchUp, overlap };
}

function show(cli: Cli, format: Format, schedule: ScheduleView): void {
  cli.show(format, schedule, () => factsOf(schedule));
}

function rowOf(schedule: ScheduleView): Cell[] {
  return [
    schedule.name,
    schedule.cron,
    schedule.timezone,
    schedule.type,
    moment(schedule.next_at),
    moment(schedule.last_fired_at),
    schedule.fired,
    schedule.skipped,
    stateOf(schedule),
  ];
}

function stateOf({ paused, last_error }: ScheduleView): string {
  if (paused) return 'paused';
  return last_error ? `refused: ${last_error.code}` : 'active';
}

function factsOf(schedule: ScheduleView): string {
  const { last_error, last_skip } = schedule;
  const facts = {
    schedule: schedule.schedule_id,
    name: schedule.name,
    state: stateOf(schedule),
    cron: `${schedule.cron} (${schedule.timezone})`,
    type: schedule.type,
    payload: shorten(JSON.stringify(schedule.payload), 400),
    priority: schedule.priority,
    'catch up': schedule.catch_up,
    overlap: schedule.overlap,
    'next at': moment(schedule.next_at),
    'last tick': moment(schedule.last_tick_at),
    'last task': schedule.last_task_id,
    fired: schedule.fired,
    skipped: schedule.skipped,
    'last skip': last_skip && `${moment(last_skip.at)} (${last_skip.reason})`,
    error: last_error && `${last_error.code}: ${last_error.message}`,
  };
  return renderFacts(Object.fromEntries(Object.entries(facts).filter(([, fact]) => fact !== null)));
}
