import type { StoredRequest } from './schedule-request.js';
import type { ScheduleView } from './schedules.contract.js';
import type { ScheduleRow } from './schedules.repository.js';
import { DEFAULT_PRIORITY } from '../tasks/tasks.contract.js';

export function toScheduleView(row: ScheduleRow): ScheduleView {
  const { payload, ...options } = row.request as unknown as StoredRequest;
  return {
    schedule_id: row.id,
    name: row.name,
    cron: row.cron,
    timezone: row.timezone,
    type: row.type,
    payload,
    priority: options.priority ?? DEFAULT_PRIORITY,
    max_attempts: options.max_attempts ?? null,
    backoff: options.backoff ?? null,
    timeout_ms: options.timeout_ms ?? null,
    concurrency: options.concurrency ?? null,
    rate: options.rate ?? null,
    tags: options.tags ?? [],
    labels: options.labels ?? {},
    user_id: options.user_id ?? null,
    client_id: options.client_id ?? null,
    callback_url: options.callback_url ?? null,
    catch_up: row.catchUp as ScheduleView['catch_up'],
    overlap: row.overlap as ScheduleView['overlap'],
    paused: row.paused,
    ...historyOf(row),
    created_at: row.createdAt.toISOString(),
    updated_at: row.updatedAt.toISOString(),
    links: linksOf(row),
  };
}

function historyOf(row: ScheduleRow) {
  const error = row.lastError as { code: string; message: string; at: string } | null;
  return {
    next_at: isoOrNull(row.nextAt),
    last_tick_at: isoOrNull(row.lastTickAt),
    last_fired_at: isoOrNull(row.lastFiredAt),
    last_task_id: row.lastTaskId,
    last_skip: row.lastSkippedAt && {
      at: row.lastSkippedAt.toISOString(),
      reason: row.lastSkipReason ?? 'missed',
    },
    last_error: error && { ...error, at: new Date(error.at).toISOString() },
    refusals: row.refusals,
    fired: Number(row.fired),
    skipped: Number(row.skipped),
  };
}

function linksOf({ id, name, lastTaskId }: ScheduleRow): Record<string, string> {
  const self = `/api/schedules/${id}`;
  return {
    self,
    next: `${self}/next`,
    run: `${self}/run`,
    tasks: `/api/tasks?tag=${encodeURIComponent(`schedule:${name}`)}`,
    ...(lastTaskId ? { last_task: `/api/tasks/${lastTaskId}` } : {}),
  };
}

function isoOrNull(time: Date | null): string | null {
  return time?.toISOString() ?? null;
}
