import type { Command } from 'commander';
import type { Cli, UpOptions } from './cli.js';
import { wholeNumber } from './option-parsers.js';

export function addUp(program: Command, cli: Cli): void {
  program
    .command('up')
    .description('start everything here: Postgres, API and a worker')
    .option('--port <port>', 'where the API listens', wholeNumber(1, 65_535))
    .option('--data-dir <folder>', 'where data and files are kept')
    .option('--clean', 'start without what an earlier run left', false)
    .option('--once', 'process the samples, print what came of them, and end', false)
    .addHelpText('after', '\nExample:\n  intake up --port 8080 --data-dir ./data')
    .action(async (options: UpOptions) => {
      cli.exitCode = await cli.launch.up(options);
    });
}
