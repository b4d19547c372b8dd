import { Injectable, Logger } from '@nestjs/common';
import { sharedNowMs } from '../database/pulse.js';
import { newId } from '../kernel/ids.js';
import { LogContext } from '../telemetry/log-context.js';
import { continueTrace } from '../telemetry/traceparent.js';
import type { Delivery } from '../transport/transport.js';
import type { TaskDefinition } from './define-task.js';
import { fingerprintOf } from './fingerprint.js';
import { Isolation } from './isolation.js';
import { Leases } from './leases.js';
import { RunningAttempt, RunningAttempts } from './running-attempts.js';
import { decide, type Ending } from './settlement.js';
import { TaskIo } from './task-io.js';
import type { TaskHandler, TaskRun } from './task-handler.js';
import { isOutcome, rejected } from './task-outcome.js';
import { TaskRegistry } from './task-registry.js';
import { toBackoff, type ClaimedTask, type Postponement } from './task-rows.js';
import { taskClaimed, taskRepaired, taskSettled, taskStuck } from './task-telemetry.js';
import { TasksRepository } from './tasks.repository.js';

/** How long a handler that was asked to stop may take before the attempt is settled over its head. */
const STOP_GRACE_MS = 5_000;
/** How long effects of a handler that was asked to stop may wait for Postgres: it must be able to stop in time. */
const EFFECTS_GRACE_MS = 3_000;
/** An unknown type is a rollout under way: another worker may know it soon. */
const UNKNOWN_TYPE = {
  delaySeconds: 5,
  reason: 'retry',
  why: 'the worker that got it does not know its type',
};
const ISOLATION_BUSY = {
  delaySeconds: 2,
  reason: 'retry',
  why: 'the process that runs suspects was busy with another',
};

/** One delivery from claim to settlement. */
@Injectable()
export class TaskExecutor {
  private readonly logger = new Logger('Task');

  constructor(
    private readonly registry: TaskRegistry,
    private readonly running: RunningAttempts,
    private readonly leases: Leases,
    private readonly tasks: TasksRepository,
    private readonly isolation: Isolation,
    private readonly io: TaskIo,
  ) {}

  /** Never throws for a task's own failure: that is settled. A delivery that comes at a bad time comes again. */
  async execute(delivery: Delivery): Promise<void> {
    if (!this.running.isOpen) return;
    const handler = this.registry.handler(delivery.type);
    if (!handler) return this.postpone(delivery, UNKNOWN_TYPE);
    const attempt = this.running.begin({ id: delivery.taskId, epoch: delivery.epoch, token: newId() });
    try {
      const task = await this.leases.claim({ ...attempt.lease, queue: delivery.queue });
      if (task?.verdict === 'claimed') attempt.heldSinceMs = sharedNowMs();
      if (task?.verdict === 'claimed') await this.run(handler, task, attempt);
      if (task?.verdict === 'suspect') await this.isolate(delivery);
    } finally {
      this.running.end(attempt);
    }
  }

  private async run(
    handler: TaskHandler<TaskDefinition>,
    task: ClaimedTask,
    attempt: RunningAttempt,
  ): Promise<void> {
    taskClaimed.publish({ taskId: task.id, queue: task.queue, type: task.type, waitMs: task.wait_ms });
    const attributes = { 'messaging.operation.name': 'process', 'messaging.destination.name': task.queue };
    await LogContext.run({ task_id: task.id }, () =>
      continueTrace(task.traceparent, `process ${task.type}`, attributes, async () => {
        const startMs = this.io.clock.monotonicMs();
        const ending = await this.perform(handler, task, attempt);
        await this.settle(task, attempt, ending, this.io.clock.monotonicMs() - startMs);
      }),
    );
  }

  private async perform(
    handler: TaskHandler<TaskDefinition>,
    task: ClaimedTask,
    attempt: RunningAttempt,
  ): Promise<Ending> {
    const parsed = this.registry.definition(task.type)?.payload.safeParse(task.payload);
    if (!parsed?.success)
      return { kind: 'returned', outcome: rejected('request.invalid', describe(parsed?.error.issues)) };
    if (attempt.stopReason) return { kind: 'interrupted' };
    const { deadline_ms: deadlineMs, timeout_ms: timeoutMs } = task;
    const isBound = deadlineMs !== null && deadlineMs < timeoutMs;
    const timer = isBound
      ? setTimeout(() => attempt.stop('deadline'), deadlineMs)
      : setTimeout(() => attempt.stop('timeout'), timeoutMs);
    try {
      const handled = this.handle(handler, this.toRun(task, parsed.data, attempt));
      return this.interpret(task, attempt, await Promise.race([handled, this.graceFor(attempt)]));
    } finally {
      clearTimeout(timer);
    }
  }

  /** While no heartbeat reaches Postgres a handler may wait for it, as we do: that time is not its own. */
  private async graceFor({ signal }: RunningAttempt): Promise<null> {
    await aborted(signal);
    await this.running.certain();
    return after(STOP_GRACE_MS);
  }

  private async handle(handler: TaskHandler<TaskDefinition>, run: TaskRun<TaskDefinition>): Promise<Ending> {
    try {
      const outcome: unknown = await handler.handle(run);
      if (!isOutcome(outcome)) throw new TypeError('the handler answered no outcome');
      return { kind: 'returned', outcome };
    } catch (error) {
      if (!run.signal.aborted)
        this.logger.warn({ msg: 'the handler threw', task_id: run.taskId, err: error });
      return { kind: 'threw', error };
    }
  }

  /** A stopped attempt counts as what stopped it, unless its handler had an answer all the same. */
  private interpret(task: ClaimedTask, attempt: RunningAttempt, ending: Ending | null): Ending {
    if (!ending) taskStuck.publish({ taskId: task.id, type: task.type });
    if (ending && (ending.kind === 'returned' || !attempt.stopReason)) return ending;
    if (attempt.stopReason === 'deadline') return { kind: 'overran' };
    return attempt.stopReason === 'timeout'
      ? { kind: 'timed_out', timeoutMs: task.timeout_ms }
      : { kind: 'interrupted' };
  }

  private async settle(
    task: ClaimedTask,
    attempt: RunningAttempt,
    ending: Ending,
    runMs: number,
  ): Promise<void> {
    const accounts = {
      attempts: task.attempts,
      maxAttempts: task.max_attempts,
      returns: task.returns,
      backoff: toBackoff(task.backoff),
    };
    const settlement = decide(accounts, ending);
    const fingerprint = settlement.error ? fingerprintOf(task.type, settlement.error) : null;
    const answer = await this.leases.settle({
      lease: attempt.lease,
      settlement,
      fingerprint,
      logs: attempt.takeLines(),
    });
    const status = answer.late ? 'late' : answer.status;
    this.running.processed += 1;
    if (status === 'failed') this.running.failed += 1;
    const settled = {
      queue: task.queue,
      type: task.type,
      outcome: answer.late ? 'late' : answer.outcome,
      status,
      runMs,
    };
    taskSettled.publish({ taskId: task.id, attempt: task.attempts + 1, ...settled });
    const line = {
      msg: 'settled',
      task_id: task.id,
      attempt: task.attempts + 1,
      ...settled,
      wait_ms: Math.round(task.wait_ms),
    };
    this.logger.log({
      ...line,
      run_ms: Math.round(runMs),
      runMs: undefined,
      error_code: settlement.error?.code,
    });
  }

  private toRun(task: ClaimedTask, payload: unknown, attempt: RunningAttempt): TaskRun<TaskDefinition> {
    return {
      taskId: task.id,
      attempt: task.attempts + 1,
      scope: { tenantId: task.tenant_id },
      payload,
      signal: attempt.signal,
      progress: (fraction, message) => attempt.report(fraction, message),
      log: (message, data) => attempt.log(this.io.line(message, data)),
      effects: (write) => {
        const effects = this.io.database.transaction(async (tx) => {
          await this.tasks.holdLease(tx, attempt.lease);
          return write(tx);
        });
        return Promise.race([effects, givenUp(attempt.signal)]);
      },
    };
  }

  private async isolate(delivery: Delivery): Promise<void> {
    this.running.suspects.add(delivery.taskId);
    if (!(await this.isolation.tryRun(delivery))) await this.postpone(delivery, ISOLATION_BUSY);
  }

  private async postpone({ taskId, epoch }: Delivery, postponement: Postponement): Promise<void> {
    const moved = await this.tasks.postpone({ id: taskId, epoch }, postponement);
    if (moved) taskRepaired.publish({ kind: 'postponed', count: 1 });
  }
}

/** Rejects when effects have no time left to be answered; should they commit all the same, settling waits for them. */
async function givenUp(signal: AbortSignal): Promise<never> {
  await aborted(signal);
  await after(EFFECTS_GRACE_MS);
  throw signal.reason;
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
}

function after(ms: number): Promise<null> {
  return new Promise((resolve) => setTimeout(() => resolve(null), ms).unref());
}

function describe(issues: ReadonlyArray<{ path: PropertyKey[]; message: string }> = []): string {
  return `The payload does not fit its type: ${issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ')}`;
}
