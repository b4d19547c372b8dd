import type { Command } from 'commander';
import type { Json } from '../kernel/json.js';
import { addEnqueueDocument } from './enqueue-document.command.js';
import { addEnqueueImage } from './enqueue-image.command.js';
import type { Cli, Format } from './cli.js';
import { formatOption, parsePayload, priorityOption, wholeNumber } from './option-parsers.js';
import { renderFacts } from './table.js';
import { taskFacts } from './task-text.js';
import { watchBatches, watchTasks } from './watch.js';

const MAX_COUNT = 100_000;
/** What the API takes at once. */
const MAX_BATCH = 1_000;

const TASK_EXAMPLE = '  intake enqueue --type documents.process --payload @handbook.json --watch';
const DOCUMENT_EXAMPLE = '  intake enqueue document handbook.pdf terms.docx --watch';
const IMAGE_EXAMPLE = '  intake enqueue image kettle.jpg --product-id kettle-7 --watch';

interface EnqueueOptions {
  type: string;
  payload: Json;
  priority?: number;
  count: number;
  watch: boolean;
  format: Format;
}

/** `enqueue --type` is short for `enqueue task --type`. */
export function addEnqueue(program: Command, cli: Cli): void {
  const enqueue = program
    .command('enqueue')
    .description('submit work: a task of any type, documents or images')
    .addHelpText('after', `\nExamples:\n${TASK_EXAMPLE}\n${DOCUMENT_EXAMPLE}\n${IMAGE_EXAMPLE}`);
  enqueue
    .command('task', { isDefault: true })
    .description('submit a task of any type')
    .requiredOption('--type <type>', 'task type, such as documents.process')
    .option('--payload <json>', 'JSON, or @file that holds it', parsePayload, {})
    .addOption(priorityOption())
    .option('--count <n>', 'submit it this many times', wholeNumber(1, MAX_COUNT), 1)
    .option('--watch', 'wait until it is done; exit code 1 if it fails', false)
    .addOption(formatOption())
    .addHelpText('after', `\nExample:\n${TASK_EXAMPLE}`)
    .action((options: EnqueueOptions) =>
      options.count === 1 ? submitOne(cli, options) : submitMany(cli, options),
    );
  addEnqueueDocument(enqueue, cli);
  addEnqueueImage(enqueue, cli);
}

async function submitOne(
  cli: Cli,
  { type, payload, priority, watch, format }: EnqueueOptions,
): Promise<void> {
  const accepted = await cli.client().tasks.submit({ type, payload, priority });
  if (!watch) return cli.show(format, accepted, () => renderFacts({ ...accepted, links: undefined }));
  const [task] = await watchTasks(cli, [accepted.task_id]);
  if (task) cli.show(format, task, () => taskFacts(task));
}

async function submitMany(
  cli: Cli,
  { type, payload, priority, count, watch, format }: EnqueueOptions,
): Promise<void> {
  const batches = [];
  for (let left = count; left > 0; left -= MAX_BATCH) {
    const tasks = Array.from({ length: Math.min(left, MAX_BATCH) }, () => ({ type, payload, priority }));
    batches.push(await cli.client().tasks.batch(tasks));
  }
  const ids = batches.map(({ batch_id }) => batch_id);
  if (!watch) return cli.show(format, batches, () => renderFacts({ tasks: count, batches: ids.join(' ') }));
  const ended = await watchBatches(cli, ids);
  const countOf = (status: 'completed' | 'failed' | 'cancelled') =>
    ended.reduce((sum, { counts }) => sum + (counts[status] ?? 0), 0);
  const counts = {
    completed: countOf('completed'),
    failed: countOf('failed'),
    cancelled: countOf('cancelled'),
  };
  cli.show(format, ended, () => renderFacts({ tasks: count, ...counts }));
}
