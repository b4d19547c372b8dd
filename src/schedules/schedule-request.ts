import type { Json } from '../kernel/json.js';
import type { TaskRequest } from '../tasks/new-task.js';
import type { ReplaceSchedule } from './schedules.contract.js';

/** Payload and options of a schedule's tasks, as its row keeps them. */
export type StoredRequest = Pick<ReplaceSchedule, 'payload'> & Partial<Omit<TaskRequest, 'type' | 'payload'>>;

/** What a run of a schedule submits; found again by its tag `schedule:<name>`. @param tick none when it runs by hand */
export function requestOf(
  schedule: { id: string; name: string; type: string; request: Json },
  tick?: Date,
): TaskRequest {
  const stored = schedule.request as unknown as StoredRequest;
  const tickAt = tick?.toISOString();
  return {
    ...stored,
    type: schedule.type,
    tags: [...(stored.tags ?? []), `schedule:${schedule.name}`],
    labels: { ...stored.labels, schedule: schedule.name, ...(tickAt ? { tick_at: tickAt } : {}) },
    ...(tickAt ? { unique_key: `schedule:${schedule.id}:${tickAt}` } : {}),
  };
}
