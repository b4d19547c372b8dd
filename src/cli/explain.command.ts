import type { Command } from 'commander';
import type { Explanation } from '../tasks/explain.contract.js';
import type { Cli, Format } from './cli.js';
import { formatOption } from './option-parsers.js';
import { moment, renderFacts } from './table.js';

export function addExplain(program: Command, cli: Cli): void {
  program
    .command('explain')
    .description('say why a task is not done, and what to do about it')
    .argument('<id>', "a task's id or its own name")
    .addOption(formatOption())
    .addHelpText('after', '\nExample:\n  intake explain 01990f2e-5b6c-7d10-9a55-0c2f6d1b7a10')
    .action(async (id: string, { format }: { format: Format }) => {
      const explanation = await cli.client().tasks.explain(id);
      cli.show(format, explanation, () => textOf(explanation));
    });
}

function textOf({ summary, position, reasons }: Explanation): string {
  const place = position && `${position.place} in the ${position.among}`;
  const window = position && `${position.window_used} of ${position.window_size}`;
  return [
    summary,
    ...(position ? ['', renderFacts({ place, window })] : []),
    ...reasons.flatMap((reason, at) => ['', `${at + 1}. ${reason.detail} (${reason.code})`, factsOf(reason)]),
  ].join('\n');
}

function factsOf({ since, until, next_step }: Explanation['reasons'][number]): string {
  const facts = { since: moment(since), until: moment(until), next: next_step };
  const known = Object.entries(facts).filter(([, fact]) => fact !== null);
  return renderFacts(Object.fromEntries(known)).replaceAll(/^/gm, '   ');
}
