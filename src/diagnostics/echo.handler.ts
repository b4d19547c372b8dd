import { setTimeout as wait } from 'node:timers/promises';
import { Handles, type TaskHandler, type TaskRun } from '../tasks/task-handler.js';
import { completed } from '../tasks/task-outcome.js';
import { Echo } from './echo.task.js';

@Handles(Echo)
export class EchoHandler implements TaskHandler<typeof Echo> {
  async handle({ payload, signal }: TaskRun<typeof Echo>) {
    if (payload.sleep_ms) await wait(payload.sleep_ms, undefined, { signal });
    return completed({ message: payload.message });
  }
}
