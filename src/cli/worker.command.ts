import { Option, type Command } from 'commander';
import type { WorkerView } from '../queue/queue.contract.js';
import type { Cli, Format } from './cli.js';
import { variablesOf, type LaunchOptions } from './launch-variables.js';
import { amountOf, formatOption, wholeNumber } from './option-parsers.js';
import { megabytes, moment, renderFacts } from './table.js';

const MAX_CONCURRENCY = 1_000;
const MAX_PROCESSES = 256;

type Options = LaunchOptions & { batchSize?: number; drain?: boolean; format: Format };

export function addWorker(program: Command, cli: Cli): void {
  program
    .command('worker')
    .description('run tasks until it is told to stop; with a name, show that worker')
    .argument('[name]', 'a worker of the deployment, as `workers` lists it')
    .option('--worker-id <name>', 'name of this worker; a suffix is added while another has it')
    .option('--queues <names>', 'queues to serve, separated by commas')
    .option('--concurrency <n>', 'tasks at once in each queue', wholeNumber(1, MAX_CONCURRENCY))
    .addOption(
      new Option('--batch-size <n>', 'the same as --concurrency')
        .argParser(wholeNumber(1, MAX_CONCURRENCY))
        .conflicts('concurrency'),
    )
    .option(
      '--poll-interval <seconds>',
      'how often to look for work when nothing wakes it',
      amountOf('seconds'),
    )
    .option('--task-timeout <seconds>', 'longest run of one attempt', amountOf('seconds'))
    .option('--redis-url <url>', 'carry the queue on Redis instead of Postgres')
    .option('--burst', 'end when nothing is left to do; waits for back-offs under 10 s')
    .addOption(
      new Option('--strict', 'end a burst with 1 when a task that it ran failed').implies({ burst: true }),
    )
    .option('--processes <n>', 'so many worker processes, each kept running', wholeNumber(1, MAX_PROCESSES))
    .option('--drain', 'ask the named worker to take nothing more, and to end')
    .addOption(formatOption())
    .addHelpText(
      'after',
      '\nExamples:\n  intake worker --queues documents --concurrency 4\n  intake worker machine1 --drain',
    )
    .action(async (name: string | undefined, options: Options, command: Command) => {
      if (name !== undefined) return show(cli, name, options);
      if (options.drain) command.error('error: --drain needs the name of a worker');
      const { batchSize, concurrency = batchSize, ...rest } = options;
      cli.exitCode = await cli.launch.worker(variablesOf({ ...rest, concurrency }));
    });
}

async function show(cli: Cli, name: string, { drain, format }: Options): Promise<void> {
  const { queue } = cli.client();
  const worker = await (drain ? queue.drainWorker(name) : queue.worker(name));
  cli.show(format, worker, () => renderFacts(factsOf(worker)));
}

function factsOf({ current_tasks, labels: _, slots: __, ...worker }: WorkerView) {
  return {
    ...worker,
    queues: worker.queues.join(' '),
    capabilities: worker.capabilities.join(' '),
    memory_bytes: megabytes(worker.memory_bytes),
    started_at: moment(worker.started_at),
    last_seen_at: moment(worker.last_seen_at),
    current_tasks: current_tasks.join(' '),
  };
}
