import type { TaskStatus } from '../kernel/task-status.js';

export const WAITING_STATUSES = ['blocked', 'scheduled', 'pending', 'queued'] as const satisfies TaskStatus[];
export const LIVE_STATUSES = [...WAITING_STATUSES, 'processing'] as const satisfies TaskStatus[];
export const FINAL_STATUSES = ['completed', 'failed', 'cancelled'] as const satisfies TaskStatus[];

interface Transition {
  from: readonly TaskStatus[];
  to: TaskStatus;
}

/** What may happen to a task: the whole table, nothing else changes a status. */
export const TRANSITIONS = {
  unblock: { from: ['blocked'], to: 'pending' },
  delay: { from: ['blocked'], to: 'scheduled' },
  abandon: { from: ['blocked'], to: 'failed' },
  wake: { from: ['scheduled'], to: 'pending' },
  dispatch: { from: ['pending'], to: 'queued' },
  claim: { from: ['queued'], to: 'processing' },
  redispatch: { from: ['queued'], to: 'queued' },
  withdraw: { from: ['queued'], to: 'pending' },
  postpone: { from: ['scheduled', 'pending', 'queued'], to: 'scheduled' },
  complete: { from: ['processing'], to: 'completed' },
  retry: { from: ['processing'], to: 'scheduled' },
  snooze: { from: ['processing'], to: 'scheduled' },
  interrupt: { from: ['processing'], to: 'pending' },
  lose: { from: ['processing'], to: 'pending' },
  quarantine: { from: ['processing'], to: 'failed' },
  reject: { from: ['processing'], to: 'failed' },
  exhaust: { from: ['processing'], to: 'failed' },
  overrun: { from: ['processing'], to: 'failed' },
  abort: { from: ['processing'], to: 'cancelled' },
  expire: { from: WAITING_STATUSES, to: 'failed' },
  cancel: { from: WAITING_STATUSES, to: 'cancelled' },
  replay: { from: ['failed', 'cancelled'], to: 'pending' },
  revive: { from: ['failed', 'cancelled'], to: 'blocked' },
} as const satisfies Record<string, Transition>;
export type TaskEvent = keyof typeof TRANSITIONS;

export function sourcesOf(event: TaskEvent): readonly TaskStatus[] {
  return TRANSITIONS[event].from;
}

export function targetOf(event: TaskEvent): TaskStatus {
  return TRANSITIONS[event].to;
}

export function isFinal(status: TaskStatus): boolean {
  return (FINAL_STATUSES as readonly TaskStatus[]).includes(status);
}

/** The table as a Mermaid state diagram, for the documentation. */
export function toMermaid(): string {
  const lines = Object.entries(TRANSITIONS).flatMap(([event, { from, to }]) =>
    from.map((source) => `  ${source} --> ${to}: ${event}`),
  );
  return ['stateDiagram-v2', ...lines].join('\n');
}
