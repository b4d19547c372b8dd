import { Argument, type Command } from 'commander';
import { confirm, follow } from './bulk-options.js';
import type { Cli, Format } from './cli.js';
import { formatOption } from './option-parsers.js';

const KINDS = ['documents', 'images'] as const;
type Kind = (typeof KINDS)[number];

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
    .description('remove all documents or images of a user, or all there are, with vectors and uploads')
    .addArgument(new Argument('[what]', 'of which kind').choices(KINDS).default('documents'))
    .option('--user <id>', 'of one user')
    .option('--all', 'of everybody')
    .option('--yes', 'do not ask')
    .option('--detach', 'do not wait for the end')
    .addOption(formatOption())
    .addHelpText('after', '\nExamples:\n  intake erase --user 7\n  intake erase images --user 7')
    .action(async (what: Kind, options: EraseOptions) => {
      const { user, all } = options;
      if ((user === undefined) === (all === undefined)) command.error('error: say --user ID, or --all');
      await confirm(
        cli,
        command,
        options,
        `This removes all ${what} ${user ? `of ${user}` : 'of everybody'}`,
      );
      const whose = user === undefined ? ({ all: true } as const) : { user_id: user };
      await follow(cli, options, await cli.client()[what].erase(whose));
    });
}
