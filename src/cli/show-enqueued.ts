import type { Cli, Format } from './cli.js';
import { renderTable, shorten } from './table.js';
import { watchTasks } from './watch.js';

interface Enqueued {
  task_id: string;
  status: string;
}

interface ShowOptions<Accepted extends Enqueued> {
  /** Over the names. */
  heading: string;
  nameOf: (accepted: Accepted) => string;
  watch: boolean;
  format: Format;
}

/** Shows what was accepted; when watching, how it ended. */
export async function showEnqueued<Accepted extends Enqueued>(
  cli: Cli,
  accepted: readonly Accepted[],
  { heading, nameOf, watch, format }: ShowOptions<Accepted>,
): Promise<void> {
  if (!watch) {
    const rows = accepted.map((each) => [nameOf(each), each.task_id, each.status]);
    return cli.show(format, accepted, () => renderTable([heading, 'TASK', 'STATUS'], rows));
  }
  const ids = accepted.map(({ task_id }) => task_id);
  const tasks = await watchTasks(cli, ids);
  const rows = tasks.map(({ task_id, status, error }, at) => [
    accepted[at] && nameOf(accepted[at]),
    task_id,
    status,
    error && shorten(error.message, 60),
  ]);
  cli.show(format, tasks, () => renderTable([heading, 'TASK', 'STATUS', 'ERROR'], rows));
}
