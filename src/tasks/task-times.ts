import type { FieldError } from '../kernel/fault.js';
import type { CreateTask } from './tasks.contract.js';

export type Times = Pick<CreateTask, 'run_at' | 'delay_ms' | 'expires_at' | 'deadline_at'>;

/** Times that leave a task no chance, by field. @param nowMs this process's clock: what is stored is judged by Postgres */
export function timeFaults(times: Partial<Times>, nowMs: number): FieldError[] {
  const startMs = Math.max(nowMs, msOf(times.run_at) ?? nowMs + (times.delay_ms ?? 0));
  const startsLater = startMs > nowMs;
  const fits = (path: 'expires_at' | 'deadline_at'): FieldError[] => {
    const ms = msOf(times[path]);
    if (ms === undefined || ms > startMs) return [];
    const after = startsLater ? `after ${times.run_at ? 'run_at' : 'the delay'}` : 'in the future';
    return [{ path, message: `must lie ${after}; choose a later time` }];
  };
  const faults = [...fits('expires_at'), ...fits('deadline_at')];
  const [expiresMs, deadlineMs] = [msOf(times.expires_at), msOf(times.deadline_at)];
  if (expiresMs !== undefined && deadlineMs !== undefined && expiresMs > deadlineMs)
    faults.push({
      path: 'expires_at',
      message: 'must not lie after deadline_at; a task that starts then cannot finish',
    });
  return faults;
}

function msOf(time: string | undefined): number | undefined {
  return time === undefined ? undefined : Date.parse(time);
}
