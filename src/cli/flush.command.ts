import type { Command } from 'commander';
import { confirm } from './bulk-options.js';
import type { Cli, Format } from './cli.js';
import { formatOption } from './option-parsers.js';
import { renderFacts } from './table.js';

export function addFlush(program: Command, cli: Cli): void {
  const command = program.command('flush');
  command
    .description('cancel everything that waits')
    .option('--queue <name>', 'one queue only')
    .option('--yes', 'do not ask')
    .addOption(formatOption())
    .addHelpText('after', '\nExample:\n  intake flush --queue documents')
    .action(async (options: { queue?: string; yes?: true; format: Format }) => {
      const where = options.queue ? `in the queue ${options.queue}` : 'in every queue';
      await confirm(cli, command, options, `This cancels everything that waits ${where}`);
      const answer = await cli.client().queue.flush(options.queue);
      cli.show(options.format, answer, () => renderFacts({ ...answer, links: undefined }));
    });
}
