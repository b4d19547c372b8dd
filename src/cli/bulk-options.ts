import type { Command } from 'commander';
import type { DeadLetterFilter } from '../client/dead-letter-calls.js';
import type { OperationView } from '../operations/operations.contract.js';
import type { BulkPreview } from '../queue/bulk.contract.js';
import { operationText, previewText } from './bulk-text.js';
import type { Cli, Format } from './cli.js';
import { watchOperation } from './watch.js';

export interface FilterOptions {
  type?: string;
  queue?: string;
  fingerprint?: string;
  errorCode?: string;
  tag?: string;
  user?: string;
  client?: string;
  batch?: string;
  after?: string;
  before?: string;
}

export interface BulkOptions extends FilterOptions {
  all?: true;
  dryRun?: true;
  detach?: true;
  format: Format;
}

export function addFilterOptions(command: Command): Command {
  return command
    .option('--type <type>', 'of one type')
    .option('--queue <name>', 'of one queue')
    .option('--fingerprint <hex>', 'of one cause')
    .option('--error-code <code>', 'with this error')
    .option('--tag <tag>', 'with this tag')
    .option('--user <id>', 'of one user')
    .option('--client <id>', 'of one client')
    .option('--batch <id>', 'of one batch')
    .option('--after <time>', 'created after this RFC 3339 time')
    .option('--before <time>', 'created before this RFC 3339 time');
}

/** The options of commands that change many tasks. */
export function addBulkOptions(command: Command): Command {
  return addFilterOptions(command)
    .option('--all', 'all of them')
    .option('--dry-run', 'only say what would be changed')
    .option('--detach', 'do not wait for the end');
}

/** What the line chooses; nothing is not everything. */
export function chosen(
  command: Command,
  ids: readonly string[],
  options: BulkOptions,
  more: object = {},
): DeadLetterFilter {
  const filter = { ...filterOf(options), ...(ids.length > 0 ? { ids: [...ids] } : {}), all: options.all };
  if (Object.values({ ...filter, ...more }).every((value) => value === undefined))
    command.error('error: name tasks, give a filter such as --queue, or say --all');
  return filter;
}

export function filterOf(options: FilterOptions) {
  return {
    type: options.type,
    queue: options.queue,
    fingerprint: options.fingerprint,
    error_code: options.errorCode,
    tag: options.tag,
    user_id: options.user,
    client_id: options.client,
    batch_id: options.batch,
    created_after: options.after,
    created_before: options.before,
  };
}

export function showPreview(cli: Cli, format: Format, preview: BulkPreview): void {
  cli.show(format, preview, () => previewText(preview));
}

/** Shows how the operation ended, or that it began. */
export async function follow(cli: Cli, { format, detach }: BulkOptions, begun: OperationView): Promise<void> {
  const operation = detach ? begun : await watchOperation(cli, begun);
  cli.show(format, operation, () => operationText(operation));
}

/** @throws CommanderError unless `--yes` was given, or whoever sits there says so */
export async function confirm(
  cli: Cli,
  command: Command,
  { yes }: { yes?: true },
  what: string,
): Promise<void> {
  if (yes) return;
  const answer = await cli.terminal.ask?.(`${what}. Go on? [y/N] `);
  if (answer === undefined) command.error(`error: ${what}; say so with --yes`);
  if (!/^y(es)?$/i.test(answer.trim())) command.error('error: nothing was done');
}
