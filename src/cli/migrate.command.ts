import type { Command } from 'commander';
import type { Cli } from './cli.js';

export function addMigrate(program: Command, cli: Cli): void {
  program
    .command('migrate')
    .description('bring the database of DATABASE_URL up to date')
    .addHelpText('after', '\nExample:\n  DATABASE_URL=postgresql://intake@db/intake intake migrate')
    .action(async () => {
      cli.exitCode = await cli.launch.migrate();
    });
}
