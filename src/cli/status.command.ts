import type { Command } from 'commander';
import type { Cli, Format } from './cli.js';
import { formatOption } from './option-parsers.js';
import { taskFacts } from './task-text.js';

export function addStatus(program: Command, cli: Cli): void {
  program
    .command('status')
    .description('show one task')
    .argument('<id>', "a task's id or its own name")
    .addOption(formatOption())
    .addHelpText('after', '\nExample:\n  intake status 01990f2e-5b6c-7d10-9a55-0c2f6d1b7a10')
    .action(async (id: string, { format }: { format: Format }) => {
      const task = await cli.client().tasks.get(id);
      cli.show(format, task, () => taskFacts(task));
    });
}
