import type { IntakeClient } from '../client/intake-client.js';
import { drawProgress } from '../cli/progress.js';
import type { Terminal } from '../cli/terminal.js';
import type { TaskView } from '../tasks/tasks.contract.js';

const SAMPLE_TIMEOUT_MS = 300_000;

/** How a sample fared. */
export interface SampleOutcome {
  file: string;
  seconds: number;
  task: TaskView;
}

/** Sends all samples at once and waits for each. @param submit sends one and answers its task's id */
export async function followSamples(
  client: IntakeClient,
  terminal: Terminal,
  files: readonly string[],
  submit: (file: string) => Promise<string>,
): Promise<SampleOutcome[]> {
  const progress = drawProgress(terminal, files.length);
  const follow = async (file: string): Promise<SampleOutcome> => {
    const startMs = performance.now();
    const task = await client.waitFor(await submit(file), { timeoutMs: SAMPLE_TIMEOUT_MS });
    return { file, task, seconds: (performance.now() - startMs) / 1_000 };
  };
  const outcomes = await Promise.all(files.map((file) => follow(file).finally(() => progress.tick())));
  progress.end();
  return outcomes;
}

/** In one line, with what went wrong. */
export function statusOf({ status, error }: TaskView, isUnchanged = false): string {
  return [status, ...(isUnchanged ? ['unchanged'] : []), ...(error ? [error.message] : [])].join(', ');
}
