import { typedChannel } from '../kernel/typed-channel.js';

/** What happened to a task, for metrics, logs and tests; published after the commit. Durations in milliseconds. */
export interface TaskSubmitted {
  taskId: string;
  queue: string;
  type: string;
}

export interface TaskClaimed {
  taskId: string;
  queue: string;
  type: string;
  waitMs: number;
}

export interface TaskSettled {
  taskId: string;
  queue: string;
  type: string;
  /** The attempt's outcome: completed, failed, rejected, snoozed, timed_out, interrupted, cancelled, late. */
  outcome: string;
  /** The task's status after it. */
  status: string;
  attempt: number;
  runMs: number;
}

export interface TaskRepaired {
  kind: string;
  count: number;
}

/** A handler that did not stop when asked: its slot is gone until the process ends. */
export interface TaskStuck {
  taskId: string;
  type: string;
}

/** Pending work appeared, or room for it. */
export interface TaskDepthChanged {
  queue: string;
}

/** A queue whose oldest task waits longer than its alarm allows; once an episode. */
export interface StartAlarmRaised {
  queue: string;
}

/** Somebody who is waited for ended, or lives again. */
export type DependenciesChanged = Record<string, never>;

export const taskSubmitted = typedChannel<TaskSubmitted>('intake:task:submitted');
export const taskClaimed = typedChannel<TaskClaimed>('intake:task:claimed');
export const taskSettled = typedChannel<TaskSettled>('intake:task:settled');
export const taskStuck = typedChannel<TaskStuck>('intake:task:stuck');
export const taskDepthChanged = typedChannel<TaskDepthChanged>('intake:task:depth_changed');
export const dependenciesChanged = typedChannel<DependenciesChanged>('intake:task:dependencies_changed');
export const startAlarmRaised = typedChannel<StartAlarmRaised>('intake:queue:start_alarm');
export const taskRepaired = typedChannel<TaskRepaired>('intake:task:repaired');
