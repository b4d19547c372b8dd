import type { Command } from 'commander';
import { confirm, follow } from './bulk-options.js';
import type { Cli, Format } from './cli.js';
import { formatOption } from './option-parsers.js';

interface EraseOptions {
  user?: string;
  all?: true;
  yes?: true;
  detach?: true;
  format: Format;
}

export function addErase(program: Command, cli: Cli): void {
  const command = program.command('erase');
  command
    .description('remove all documents of a user, or all there are, with text, vectors and uploads')
    .option('--user <id>', 'of one user')
    .option('--all', 'of everybody')
    .option('--yes', 'do not ask')
    .option('--detach', 'do not wait for the end')
    .addOption(formatOption())
    .addHelpText('after', '\nExample:\n  intake erase --user 7')
    .action(async (options: EraseOptions) => {
      const { user, all } = options;
      if ((user === undefined) === (all === undefined)) command.error('error: say --user ID, or --all');
      await confirm(
        cli,
        command,
        options,
        `This removes all documents ${user ? `of ${user}` : 'of everybody'}`,
      );
      const { documents } = cli.client();
      await follow(
        cli,
        options,
        await documents.erase(user === undefined ? { all: true } : { user_id: user }),
      );
    });
}
