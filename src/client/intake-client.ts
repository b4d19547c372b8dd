import { setTimeout as delay } from 'node:timers/promises';
import type { TaskView } from '../tasks/tasks.contract.js';
import { DocumentCalls } from './document-calls.js';
import { HttpCalls, type ClientOptions } from './http-calls.js';
import { ImageCalls } from './image-calls.js';
import { IntakeError } from './intake-error.js';
import { OperationCalls } from './operation-calls.js';
import { QueueCalls } from './queue-calls.js';
import { ScheduleCalls } from './schedule-calls.js';
import { TaskCalls } from './task-calls.js';
import { WebhookCalls } from './webhook-calls.js';

const FIRST_POLL_MS = 50;
const SLOWEST_POLL_MS = 2_000;

export interface WaitOptions {
  /** For ever when absent. */
  timeoutMs?: number;
  signal?: AbortSignal;
  /** Called with what each poll finds. */
  onProgress?: (task: TaskView) => void;
}

/** Intake, from another program. Every method throws {@link IntakeError}, or the reason of its aborted signal. */
export class IntakeClient {
  readonly tasks: TaskCalls;
  readonly documents: DocumentCalls;
  readonly images: ImageCalls;
  readonly queue: QueueCalls;
  readonly operations: OperationCalls;
  readonly schedules: ScheduleCalls;
  readonly webhooks: WebhookCalls;

  constructor(options: ClientOptions) {
    const calls = new HttpCalls(options);
    this.tasks = new TaskCalls(calls);
    this.documents = new DocumentCalls(calls);
    this.images = new ImageCalls(calls);
    this.queue = new QueueCalls(calls);
    this.operations = new OperationCalls(calls);
    this.schedules = new ScheduleCalls(calls);
    this.webhooks = new WebhookCalls(calls);
  }

  /**
   * Polls until the task is final, from every 50 ms to every 2 s.
   * @returns the completed, failed or cancelled task
   * @throws IntakeError client.timeout when it is not final in time
   */
  async waitFor(
    taskId: string,
    { timeoutMs = Infinity, signal, onProgress }: WaitOptions = {},
  ): Promise<TaskView> {
    const startMs = performance.now();
    for (let pauseMs = FIRST_POLL_MS; ; pauseMs = Math.min(pauseMs * 1.5, SLOWEST_POLL_MS)) {
      const task = await this.tasks.get(taskId, { signal });
      onProgress?.(task);
      if (task.finished_at !== null) return task;
      const leftMs = timeoutMs - (performance.now() - startMs);
      if (leftMs <= 0) {
        const detail = `The task ${taskId} is still ${task.status} after ${timeoutMs} ms`;
        throw new IntakeError({ code: 'client.timeout', detail });
      }
      await delay(Math.min(pauseMs, leftMs), undefined, { signal });
    }
  }
}
