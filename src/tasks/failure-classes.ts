import type { TaskEvent } from './lifecycle.js';

/** How an attempt stands in the history. */
export type AttemptOutcome =
  'completed' | 'failed' | 'rejected' | 'snoozed' | 'timed_out' | 'interrupted' | 'lost' | 'cancelled';

/** What follows when an attempt does not complete. */
interface Policy {
  outcome: AttemptOutcome;
  /** `return`: nothing, up to MAX_UNSPENT_RETURNS times. */
  spends: 'attempt' | 'return' | 'crash' | 'nothing';
  /** What happens to the task while it has something left to spend. */
  event: TaskEvent;
  /** Why it waits then. */
  reason: string | null;
  /** Why it failed once nothing is left, or at once where the event ends it. */
  lastReason: string | null;
}

/** Every way to fail, and its policy: the table of docs/lifecycle.md. `repair.sql.ts` follows the last three. */
export const FAILURE_CLASSES = {
  retryable: {
    outcome: 'failed',
    spends: 'attempt',
    event: 'retry',
    reason: 'retry',
    lastReason: 'exhausted',
  },
  timeout: {
    outcome: 'timed_out',
    spends: 'attempt',
    event: 'retry',
    reason: 'retry',
    lastReason: 'timeout',
  },
  throttled: {
    outcome: 'snoozed',
    spends: 'return',
    event: 'snooze',
    reason: 'rate_limited',
    lastReason: 'exhausted',
  },
  interrupted: {
    outcome: 'interrupted',
    spends: 'return',
    event: 'interrupt',
    reason: null,
    lastReason: 'exhausted',
  },
  permanent: {
    outcome: 'rejected',
    spends: 'attempt',
    event: 'reject',
    reason: null,
    lastReason: 'permanent',
  },
  unstorable: {
    outcome: 'rejected',
    spends: 'attempt',
    event: 'reject',
    reason: null,
    lastReason: 'permanent',
  },
  deadline: {
    outcome: 'timed_out',
    spends: 'attempt',
    event: 'overrun',
    reason: null,
    lastReason: 'expired',
  },
  crash: { outcome: 'lost', spends: 'crash', event: 'lose', reason: null, lastReason: 'poison' },
  lease_lost: { outcome: 'lost', spends: 'nothing', event: 'lose', reason: null, lastReason: null },
  cancelled: { outcome: 'cancelled', spends: 'nothing', event: 'abort', reason: null, lastReason: null },
} as const satisfies Record<string, Policy>;

export type FailureClass = keyof typeof FAILURE_CLASSES;
/** Those that a worker decides itself. */
export type SettledClass = Exclude<FailureClass, 'crash' | 'lease_lost' | 'cancelled'>;
