import type { Command } from 'commander';
import type { Cli } from './cli.js';
import { variablesOf, type LaunchOptions } from './launch-variables.js';
import { wholeNumber } from './option-parsers.js';

export function addApi(program: Command, cli: Cli): void {
  program
    .command('api')
    .description('run the API')
    .option('--host <address>', 'address to listen on')
    .option('--port <port>', 'port to listen on', wholeNumber(0, 65_535))
    .addHelpText('after', '\nExample:\n  intake api --host 127.0.0.1 --port 8080')
    .action(async (options: LaunchOptions) => {
      cli.exitCode = await cli.launch.api(variablesOf(options));
    });
}
