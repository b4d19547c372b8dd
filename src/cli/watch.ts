import { setTimeout as delay } from 'node:timers/promises';
import type { z } from 'zod';
import type { OperationView } from '../operations/operations.contract.js';
import type { BatchView, TaskView } from '../tasks/tasks.contract.js';
import type { Cli } from './cli.js';
import { ProgressBar } from './progress.js';

const BATCH_POLL_MS = 500;

type Batch = z.output<typeof BatchView>;

/** Waits for all tasks to be final, drawing their progress. Exit code 1 unless all completed. */
export async function watchTasks(cli: Cli, taskIds: readonly string[]): Promise<TaskView[]> {
  const client = cli.client();
  const bar = new ProgressBar(cli.terminal);
  const fractions = new Map<string, number>();
  const onProgress = ({ task_id, status, progress, finished_at }: TaskView) => {
    fractions.set(task_id, finished_at === null ? (progress.fraction ?? 0) : 1);
    const done = [...fractions.values()].reduce((total, fraction) => total + fraction, 0);
    bar.draw(done / taskIds.length, progress.message ?? status);
  };
  try {
    const tasks = await Promise.all(taskIds.map((id) => client.waitFor(id, { onProgress })));
    if (tasks.some(({ status }) => status !== 'completed')) cli.exitCode = 1;
    return tasks;
  } finally {
    bar.clear();
  }
}

/** The same for the members of batches, by their counts alone. */
export async function watchBatches(cli: Cli, batchIds: readonly string[]): Promise<Batch[]> {
  const client = cli.client();
  const bar = new ProgressBar(cli.terminal);
  try {
    for (;;) {
      const batches = await Promise.all(batchIds.map((id) => client.tasks.getBatch(id)));
      const [total, completed] = [sum(batches, (batch) => batch.total), sum(batches, completedOf)];
      const ended = completed + sum(batches, ({ counts }) => (counts.failed ?? 0) + (counts.cancelled ?? 0));
      bar.draw(ended / total, `${ended} of ${total} tasks`);
      if (ended === total) {
        if (completed < total) cli.exitCode = 1;
        return batches;
      }
      await delay(BATCH_POLL_MS);
    }
  } finally {
    bar.clear();
  }
}

/** Waits for the end of an operation. Exit code 1 unless it completed. */
export async function watchOperation(cli: Cli, { operation_id }: OperationView): Promise<OperationView> {
  const bar = new ProgressBar(cli.terminal);
  const onProgress = ({ fraction, total, done, skipped }: OperationView) =>
    bar.draw(fraction ?? 0, total === null ? `${done} tasks` : `${done + skipped} of ${total} tasks`);
  try {
    const operation = await cli.client().operations.waitFor(operation_id, { onProgress });
    if (operation.status !== 'completed') cli.exitCode = 1;
    return operation;
  } finally {
    bar.clear();
  }
}

function completedOf({ counts }: Batch): number {
  return counts.completed ?? 0;
}

function sum(batches: readonly Batch[], count: (batch: Batch) => number): number {
  return batches.reduce((total, batch) => total + count(batch), 0);
}
