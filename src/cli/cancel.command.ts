import { Option, type Command } from 'commander';
import type { CancelFilter } from '../client/task-calls.js';
import { addBulkOptions, chosen, follow, showPreview, type BulkOptions } from './bulk-options.js';
import type { Cli } from './cli.js';
import { formatOption } from './option-parsers.js';

const ONE = '  intake cancel 01990f2e-5b6c-7d10-9a55-0c2f6d1b7a10';
const MANY = '  intake cancel --queue documents --status waiting';

const STATUSES = ['blocked', 'scheduled', 'pending', 'queued', 'processing', 'active', 'waiting'];

type Options = BulkOptions & { status?: CancelFilter['status'] };

export function addCancel(program: Command, cli: Cli): void {
  const command = addBulkOptions(program.command('cancel'));
  command
    .description('cancel tasks that wait, or ask running ones to stop')
    .argument('[ids...]', 'tasks by id or name')
    .addOption(new Option('--status <status>', 'in one status; waiting, or active').choices(STATUSES))
    .addOption(formatOption())
    .addHelpText('after', `\nExamples:\n${ONE}\n${MANY}`)
    .action(async (ids: string[], options: Options) => {
      const [id] = ids;
      if (ids.length === 1 && isBare(options)) return cancelOne(cli, id);
      const { status } = options;
      const filter: CancelFilter = { ...chosen(command, ids, options, { status }), status };
      const calls = cli.client().tasks;
      if (options.dryRun) return showPreview(cli, options.format, await calls.previewCancel(filter));
      await follow(cli, options, await calls.cancelMany(filter));
    });
}

/** Nothing was said but which task. */
function isBare({ format: _, ...options }: Options): boolean {
  return Object.keys(options).length === 0;
}

async function cancelOne(cli: Cli, id: string): Promise<void> {
  const { task_id, status } = await cli.client().tasks.cancel(id);
  cli.terminal.out(`Task ${task_id} ${status === 'cancelled' ? 'is cancelled' : 'was asked to stop'}`);
}
