import { Argument, type Command } from 'commander';
import { ReindexResult } from '../reindex/reindex.contract.js';
import type { TaskView } from '../tasks/tasks.contract.js';
import type { Cli, Format } from './cli.js';
import { formatOption } from './option-parsers.js';
import { renderFacts } from './table.js';
import { watchTasks } from './watch.js';

/** Vectors of everything take as long as they take. */
const A_DAY_MS = 86_400_000;

interface RebuildOptions {
  rollback: boolean;
  own: boolean;
  wait: boolean;
  format: Format;
}

export function addRebuildVectors(program: Command, cli: Cli): void {
  program
    .command('rebuild-vectors')
    .description(
      'compute the vectors of all documents, or of all images, anew, with the model and in the place configured, ' +
        'while the old ones serve',
    )
    .addArgument(
      new Argument('[what]', 'whose vectors').choices(['documents', 'images']).default('documents'),
    )
    .option('--rollback', 'go back to the vectors that served before', false)
    .option('--own', 'only those of the tenant who calls', false)
    .option('--no-wait', 'do not wait for the end')
    .addOption(formatOption())
    .addHelpText(
      'after',
      '\nExample:\n  intake rebuild-vectors documents\n  intake rebuild-vectors images\n  intake rebuild-vectors images --rollback',
    )
    .action(async (what: string, { rollback, own, wait, format }: RebuildOptions) => {
      const payload = { all_tenants: !own, rollback };
      const task = { type: `${what}.reindex`, payload, timeout_ms: A_DAY_MS };
      const accepted = await cli.client().tasks.submit(task);
      if (!wait) return cli.show(format, accepted, () => renderFacts({ task: accepted.task_id }));
      for (const ended of await watchTasks(cli, [accepted.task_id]))
        cli.show(format, ended, () => renderFacts(factsOf(ended)));
    });
}

function factsOf({ task_id, status, error, result }: TaskView) {
  const ended = { task: task_id, status, error: error?.message };
  const parsed = ReindexResult.safeParse(result);
  return parsed.success ? { ...ended, ...parsed.data } : ended;
}
