import type { Command } from 'commander';
import type { Cli, Format } from './cli.js';
import { amountOf, formatOption } from './option-parsers.js';
import { renderFacts } from './table.js';

export function addCleanup(program: Command, cli: Cli): void {
  program
    .command('cleanup')
    .description('remove completed and cancelled tasks that ended long enough ago')
    .option('--hours <n>', 'how long ago', amountOf('hours'), 24)
    .option('--include-failed', 'dead letters too', false)
    .addOption(formatOption())
    .addHelpText('after', '\nExample:\n  intake cleanup --hours 48')
    .action(async (options: { hours: number; includeFailed: boolean; format: Format }) => {
      const request = { older_than_hours: options.hours, include_failed: options.includeFailed };
      const answer = await cli.client().queue.cleanUp(request);
      cli.show(options.format, answer, () => renderFacts({ ...answer, links: undefined }));
    });
}
