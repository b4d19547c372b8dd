import { Option, type Command } from 'commander';
import { overrideEnvironment } from '../config/client-config.js';
import type { Cli } from './cli.js';
import { variablesOf, type LaunchOptions } from './launch-variables.js';
import { seconds, wholeNumber } from './option-parsers.js';

const MAX_CONCURRENCY = 1_000;

export function addWorker(program: Command, cli: Cli): void {
  program
    .command('worker')
    .description('run tasks until it is told to stop')
    .option('--worker-id <name>', 'name of this worker; a suffix is added while another has it')
    .option('--queues <names>', 'queues to serve, separated by commas')
    .option('--concurrency <n>', 'tasks at once in each queue', wholeNumber(1, MAX_CONCURRENCY))
    .addOption(
      new Option('--batch-size <n>', 'the same as --concurrency')
        .argParser(wholeNumber(1, MAX_CONCURRENCY))
        .conflicts('concurrency'),
    )
    .option('--poll-interval <seconds>', 'how often to look for work when nothing wakes it', seconds)
    .option('--task-timeout <seconds>', 'longest run of one attempt', seconds)
    .option('--redis-url <url>', 'carry the queue on Redis instead of Postgres')
    .addHelpText('after', '\nExample:\n  intake worker --queues documents --concurrency 4')
    .action(async ({ batchSize, ...options }: LaunchOptions & { batchSize?: number }) => {
      overrideEnvironment(variablesOf({ ...options, concurrency: options.concurrency ?? batchSize }));
      cli.exitCode = await cli.launch.worker();
    });
}
