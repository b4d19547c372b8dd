import type { Command } from 'commander';
import type { Cli } from './cli.js';

export function addPause(program: Command, cli: Cli): void {
  program
    .command('pause')
    .description('let no task of a queue start; what runs goes on')
    .argument('<queue>', 'such as documents')
    .addHelpText('after', '\nExample:\n  intake pause documents')
    .action(async (queue: string) => {
      const { name } = await cli.client().queue.pause(queue);
      cli.terminal.out(`The queue ${name} is paused`);
    });
  program
    .command('resume')
    .description('let a paused queue go on')
    .argument('<queue>', 'such as documents')
    .addHelpText('after', '\nExample:\n  intake resume documents')
    .action(async (queue: string) => {
      const { name } = await cli.client().queue.resume(queue);
      cli.terminal.out(`The queue ${name} goes on`);
    });
}
