import type { Command } from 'commander';
import {
  addBulkOptions,
  addFilterOptions,
  chosen,
  confirm,
  filterOf,
  follow,
  showPreview,
  type BulkOptions,
  type FilterOptions,
} from './bulk-options.js';
import { causesTable } from './bulk-text.js';
import type { Cli, Format } from './cli.js';
import { tasksTable } from './jobs.command.js';
import { amountOf, formatOption, wholeNumber } from './option-parsers.js';

const LIST = '  intake dead-letters list --by-cause';
const REPLAY = '  intake dead-letters replay --error-code storage.unavailable --rate 20';
const DISCARD = '  intake dead-letters discard --fingerprint 9f86d081884c7d65 --dry-run';

type ListOptions = FilterOptions & { byCause?: true; limit: number; format: Format };

export function addDeadLetters(program: Command, cli: Cli): void {
  const deadLetters = program
    .command('dead-letters')
    .description('tasks that failed for good: look at them, run them again, remove them')
    .addHelpText('after', `\nExamples:\n${LIST}\n${REPLAY}\n${DISCARD}`);
  addList(deadLetters, cli);
  addReplay(deadLetters, cli);
  addDiscard(deadLetters, cli);
}

function addList(deadLetters: Command, cli: Cli): void {
  addFilterOptions(deadLetters.command('list'))
    .description('list them, newest first')
    .option('--by-cause', 'count them by cause, the most frequent first')
    .option('--limit <n>', 'how many', wholeNumber(1, 200), 50)
    .addOption(formatOption())
    .addHelpText('after', `\nExample:\n${LIST}`)
    .action(async ({ byCause, limit, format, ...options }: ListOptions) => {
      const query = { ...filterOf(options), limit };
      const calls = cli.client().queue.deadLetters;
      if (byCause) {
        const page = await calls.summary(query);
        cli.show(format, page, () => causesTable(page.data));
        return;
      }
      const page = await calls.list(query);
      cli.show(format, page, () => tasksTable(page.data));
    });
}

function addReplay(deadLetters: Command, cli: Cli): void {
  const command = addBulkOptions(deadLetters.command('replay'));
  command
    .description('run them again')
    .argument('[ids...]', 'tasks by id or name')
    .option('--rate <n>', 'tasks a second', amountOf('tasks'))
    .addOption(formatOption())
    .addHelpText('after', `\nExample:\n${REPLAY}`)
    .action(async (ids: string[], { rate, ...options }: BulkOptions & { rate?: number }) => {
      const filter = chosen(command, ids, options);
      const calls = cli.client().queue.deadLetters;
      if (options.dryRun) return showPreview(cli, options.format, await calls.preview(filter));
      await follow(cli, options, await calls.replay({ filter, rate_per_second: rate }));
    });
}

function addDiscard(deadLetters: Command, cli: Cli): void {
  const command = addBulkOptions(deadLetters.command('discard'));
  command
    .description('remove them, with their attempts, events and logs')
    .argument('[ids...]', 'tasks by id or name')
    .option('--yes', 'do not ask')
    .addOption(formatOption())
    .addHelpText('after', `\nExample:\n${DISCARD}`)
    .action(async (ids: string[], options: BulkOptions & { yes?: true }) => {
      const filter = chosen(command, ids, options);
      const calls = cli.client().queue.deadLetters;
      if (options.dryRun) return showPreview(cli, options.format, await calls.preview(filter));
      await confirm(cli, command, options, 'This removes the chosen dead letters for ever');
      await follow(cli, options, await calls.discard(filter));
    });
}
