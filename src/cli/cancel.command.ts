import type { Command } from 'commander';
import type { Cli } from './cli.js';

export function addCancel(program: Command, cli: Cli): void {
  program
    .command('cancel')
    .description('cancel a task that waits, or ask a running one to stop')
    .argument('<id>', "a task's id or its own name")
    .addHelpText('after', '\nExample:\n  intake cancel 01990f2e-5b6c-7d10-9a55-0c2f6d1b7a10')
    .action(async (id: string) => {
      const { task_id, status } = await cli.client().tasks.cancel(id);
      cli.terminal.out(`Task ${task_id} ${status === 'cancelled' ? 'is cancelled' : 'was asked to stop'}`);
    });
}
