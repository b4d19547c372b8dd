import type { Json } from '../kernel/json.js';
import type { AcceptedTask, BatchView, TaskView } from './tasks.contract.js';
import type { TaskStatus } from '../kernel/task-status.js';
import type { TaskError } from './settlement.js';
import type { TaskReadsRepository, TaskRow } from './task-reads.repository.js';

type Rows<Method extends 'attempts' | 'logs'> = Awaited<ReturnType<TaskReadsRepository[Method]>>[number];

export function linksOf(taskId: string): Record<string, string> {
  const self = `/api/tasks/${taskId}`;
  return {
    self,
    attempts: `${self}/attempts`,
    events: `${self}/events`,
    logs: `${self}/logs`,
    cancel: `${self}/cancel`,
  };
}

/** What a caller hears right after a submit: whether Intake or the transport holds the task is not its business. */
export function toAccepted(
  task: {
    id: string;
    external_id?: string | null;
    type: string;
    status: TaskStatus;
    queue: string;
    created_at: Date;
  },
  queueLength: number,
): AcceptedTask {
  return {
    task_id: task.id,
    external_id: task.external_id ?? null,
    type: task.type,
    status: task.status === 'pending' ? 'queued' : task.status,
    queue: task.queue,
    queue_length: queueLength,
    created_at: task.created_at.toISOString(),
    links: linksOf(task.id),
  };
}

export function toTaskView(
  row: TaskRow,
  workerName: string | undefined,
  dependsOn: readonly string[] = [],
): TaskView {
  const error = row.error as TaskError | null;
  const eligibleAt = row.runAt ?? row.createdAt;
  return {
    task_id: row.id,
    external_id: row.externalId,
    type: row.type,
    queue: row.queue,
    status: row.status as TaskStatus,
    reason: row.reason,
    priority: row.priority,
    progress: { fraction: row.progress, message: row.progressMessage },
    payload: row.payload as Json,
    result: row.result as Json,
    error: error && { ...error, fingerprint: row.fingerprint },
    attempts: row.attempts,
    max_attempts: row.maxAttempts,
    crashes: row.crashes,
    tenant: row.tenantId,
    user_id: row.userId,
    client_id: row.clientId,
    tags: row.tags,
    batch_id: row.batchId,
    depends_on: [...dependsOn],
    created_at: row.createdAt.toISOString(),
    run_at: isoOrNull(row.runAt),
    queued_at: isoOrNull(row.queuedAt),
    started_at: isoOrNull(row.startedAt),
    finished_at: isoOrNull(row.finishedAt),
    expires_at: isoOrNull(row.expiresAt),
    deadline_at: isoOrNull(row.deadlineAt),
    wait_ms: msBetween(eligibleAt, row.startedAt),
    run_ms: msBetween(row.startedAt, row.finishedAt),
    worker_id: workerName ?? null,
    links: linksOf(row.id),
  };
}

export function toBatchView(
  batch: NonNullable<Awaited<ReturnType<TaskReadsRepository['findBatch']>>>,
  counts: ReadonlyArray<{ status: string; _count: number }>,
): BatchView {
  return {
    batch_id: batch.id,
    total: batch.total,
    counts: Object.fromEntries(counts.map(({ status, _count }) => [status, _count])),
    remaining: batch.remaining,
    finished: batch.remaining === 0,
    generation: batch.generation,
    callback_url: batch.callbackUrl,
    created_at: batch.createdAt.toISOString(),
  };
}

export function toAttemptView(row: Rows<'attempts'>, workerName: string | undefined) {
  return {
    attempt: row.attempt,
    epoch: row.epoch,
    outcome: row.outcome,
    error: row.error as unknown as TaskError | null,
    worker_id: workerName ?? null,
    queued_at: isoOrNull(row.queuedAt),
    started_at: row.startedAt.toISOString(),
    finished_at: row.finishedAt.toISOString(),
    run_ms: row.finishedAt.getTime() - row.startedAt.getTime(),
  };
}

export function toLogView(row: Rows<'logs'>) {
  return {
    at: row.at.toISOString(),
    level: row.level,
    message: row.message,
    data: row.data as Json,
    attempt_epoch: row.epoch,
  };
}

function isoOrNull(time: Date | null): string | null {
  return time?.toISOString() ?? null;
}

function msBetween(from: Date | null, until: Date | null): number | null {
  return from && until ? Math.max(0, until.getTime() - from.getTime()) : null;
}
