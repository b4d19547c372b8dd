import { backoffMs, type Backoff } from '../kernel/backoff.js';
import { Fault } from '../kernel/fault.js';
import type { Json } from '../kernel/json.js';
import { storableText, unstorable } from '../kernel/storable.js';
import type { TaskEvent } from './lifecycle.js';
import type { TaskOutcome } from './task-outcome.js';

/** Returns that spend no attempt (snooze, Retry-After, interrupt) before each starts to spend one. */
export const MAX_UNSPENT_RETURNS = 100;

/** What is said of a task whose deadline came before its end. */
export const MISSED_DEADLINE = 'The task was not finished by its deadline';

/** What the decision needs to know of a task when its attempt began. */
export interface Accounts {
  attempts: number;
  maxAttempts: number;
  returns: number;
  backoff: Backoff;
}

/** How an attempt ended, seen from the executor. */
export type Ending =
  | { kind: 'returned'; outcome: TaskOutcome<unknown> }
  | { kind: 'threw'; error: unknown }
  | { kind: 'timed_out'; timeoutMs: number }
  | { kind: 'overran' }
  | { kind: 'interrupted' };

export type AttemptOutcome =
  'completed' | 'failed' | 'rejected' | 'snoozed' | 'timed_out' | 'interrupted' | 'lost' | 'cancelled';

export interface TaskError {
  code: string;
  message: string;
  retryable: boolean;
}

/** What settling writes: one event of the lifecycle and the values that go with it. */
export interface Settlement {
  event: Extract<TaskEvent, 'complete' | 'retry' | 'snooze' | 'interrupt' | 'reject' | 'exhaust' | 'overrun'>;
  outcome: AttemptOutcome;
  reason: string | null;
  spends: 0 | 1;
  returns: 0 | 1;
  delayMs: number | null;
  result: Json | undefined;
  error: TaskError | null;
}

const NOTHING = {
  reason: null,
  spends: 0,
  returns: 0,
  delayMs: null,
  result: undefined,
  error: null,
} as const;

/** Decides what becomes of a task whose attempt ended. Pure: same input, same answer (but for the jitter). */
export function decide(accounts: Accounts, ending: Ending): Settlement {
  switch (ending.kind) {
    case 'returned':
      return decideReturn(accounts, ending.outcome);
    case 'threw':
      return decideError(accounts, ending.error);
    case 'timed_out': {
      const message = `The attempt ran longer than ${ending.timeoutMs / 1_000} s`;
      return spend(accounts, 'timed_out', 'timeout', { code: 'handler.timeout', message, retryable: true });
    }
    case 'overran': {
      const error = { code: 'task.expired', message: MISSED_DEADLINE, retryable: false };
      return { ...NOTHING, event: 'overrun', outcome: 'timed_out', reason: 'expired', spends: 1, error };
    }
    case 'interrupted':
      return giveBack(accounts, { event: 'interrupt', outcome: 'interrupted', delayMs: null, reason: null });
  }
}

function decideReturn(accounts: Accounts, outcome: TaskOutcome<unknown>): Settlement {
  switch (outcome.kind) {
    case 'completed':
      return complete(outcome.result);
    case 'snoozed':
      return giveBack(accounts, {
        event: 'snooze',
        outcome: 'snoozed',
        delayMs: outcome.delayMs,
        reason: 'snooze',
      });
    case 'rejected':
      return reject({ code: outcome.code, message: outcome.detail, retryable: false });
  }
}

/** Nobody but the task itself pays for a result that cannot be stored. */
function complete(result: unknown): Settlement {
  const fault = resultFault(result);
  if (fault)
    return reject({
      code: 'result.unstorable',
      message: `The result cannot be stored: ${fault}`,
      retryable: false,
    });
  return { ...NOTHING, event: 'complete', outcome: 'completed', spends: 1, result: result as Json };
}

function resultFault(result: unknown): string | null {
  try {
    JSON.stringify(result);
  } catch {
    return 'it has no JSON form';
  }
  const [fault] = unstorable(result, 'result');
  return fault ? `${fault.path} ${fault.message}` : null;
}

function decideError(accounts: Accounts, error: unknown): Settlement {
  const taskError = toTaskError(error);
  if (!taskError.retryable) return reject(taskError);
  const retryAfter = Fault.is(error) ? error.options.retryAfterSeconds : undefined;
  if (retryAfter !== undefined) {
    const delayMs = retryAfter * 1_000;
    return {
      ...giveBack(accounts, { event: 'snooze', outcome: 'snoozed', delayMs, reason: 'retry' }),
      error: taskError,
    };
  }
  return spend(accounts, 'failed', 'exhausted', taskError);
}

/** One more attempt, or none left. */
function spend(
  accounts: Accounts,
  outcome: AttemptOutcome,
  lastReason: string,
  error: TaskError,
): Settlement {
  const spent = accounts.attempts + 1;
  if (spent >= accounts.maxAttempts) {
    return { ...NOTHING, event: 'exhaust', outcome, reason: lastReason, spends: 1, error };
  }
  const delayMs = backoffMs(accounts.backoff, spent);
  return { ...NOTHING, event: 'retry', outcome, reason: 'retry', spends: 1, delayMs, error };
}

/** An attempt that costs nothing, up to a limit: beyond it a handler that always snoozes would live for ever. */
function giveBack(
  accounts: Accounts,
  back: {
    event: 'snooze' | 'interrupt';
    outcome: AttemptOutcome;
    delayMs: number | null;
    reason: string | null;
  },
): Settlement {
  if (accounts.returns < MAX_UNSPENT_RETURNS) return { ...NOTHING, ...back, returns: 1 };
  if (accounts.attempts + 1 < accounts.maxAttempts) return { ...NOTHING, ...back, spends: 1 };
  const message = `Came back more than ${MAX_UNSPENT_RETURNS} times without a result`;
  return spend(accounts, back.outcome, 'exhausted', { code: 'handler.failed', message, retryable: true });
}

function reject({ code, message, retryable }: TaskError): Settlement {
  const error = { code, message: storableText(message), retryable };
  return { ...NOTHING, event: 'reject', outcome: 'rejected', reason: 'permanent', spends: 1, error };
}

/** The public form of whatever a handler threw: only a Fault's own text leaves the process. */
export function toTaskError(error: unknown): TaskError {
  if (Fault.is(error))
    return { code: error.code, message: storableText(error.detail), retryable: error.retryable };
  return { code: 'handler.failed', message: 'The handler failed; the log has the details', retryable: true };
}
