import type { Command } from 'commander';
import type { Cli } from './cli.js';

export function addRetry(program: Command, cli: Cli): void {
  program
    .command('retry')
    .description('run a failed or cancelled task again')
    .argument('<id>', "a task's id or its own name")
    .addHelpText('after', '\nExample:\n  intake retry 01990f2e-5b6c-7d10-9a55-0c2f6d1b7a10')
    .action(async (id: string) => {
      const { task_id, status } = await cli.client().tasks.retry(id);
      cli.terminal.out(`Task ${task_id} runs again: ${status}`);
    });
}
