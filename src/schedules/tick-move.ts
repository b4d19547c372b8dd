import { backoffMs } from '../kernel/backoff.js';
import type { Fault } from '../kernel/fault.js';
import { storableText } from '../kernel/storable.js';
import type { Submitted } from '../tasks/submissions.js';
import type { NewTask } from '../tasks/task-rows.js';
import type { DueSchedule, TickRecord } from './schedules.repository.js';
import type { TickPlan } from './tick-plan.js';

/** Between two tries of a tick that was refused. */
const PATIENCE = { baseMs: 5_000, factor: 2, maxMs: 60_000, jitter: 0.2 };

/** Everything that a pass wants of one schedule, decided before its transaction. */
export interface Move {
  schedule: DueSchedule;
  plan: TickPlan;
  /** For the first ticks of the plan; fewer than those when the next one was refused. */
  tasks: NewTask[];
  refusal?: Fault;
}

/** The task that has to make way. */
export function overlapped({ schedule, tasks }: Move): string[] {
  const { overlap, is_last_live, last_task_id } = schedule;
  return overlap === 'cancel' && is_last_live && last_task_id && tasks.length > 0 ? [last_task_id] : [];
}

/** A tick whose task is there already, by its unique key, is decided, and counts once. */
export function toRecord(move: Move, answers: ReadonlyMap<string, Submitted | undefined>): TickRecord {
  const { schedule, plan, tasks, refusal } = move;
  const last = tasks.at(-1);
  const answer = last && answers.get(last.id);
  const skipped = refusal ? plan.skippedBefore : plan.skippedBefore + plan.skippedAfter;
  return {
    id: schedule.id,
    next_at: refusal ? (plan.fire[tasks.length] ?? schedule.next_at) : plan.nextAt,
    tick_at: plan.fire[tasks.length - 1],
    task_id: answer && ('placed' in answer ? answer.placed.id : answer.collision.id),
    fired: tasks.filter(({ id }) => 'placed' in (answers.get(id) ?? {})).length,
    skipped,
    skip_reason: skipped > 0 ? plan.why : null,
    ...(refusal
      ? { error: { code: refusal.code, message: sayWhy(refusal) }, wait_ms: patienceMs(schedule, refusal) }
      : {}),
  };
}

function sayWhy({ detail, options }: Fault): string {
  const errors = (options.errors ?? []).map(({ path, message }) => `${path}: ${message}`);
  return storableText([detail, ...errors].join(' ').slice(0, 1_000));
}

function patienceMs({ refusals }: DueSchedule, { options }: Fault): number {
  return Math.max((options.retryAfterSeconds ?? 0) * 1_000, backoffMs(PATIENCE, Math.min(refusals, 10) + 1));
}
