import { backoffMs, type Backoff } from '../kernel/backoff.js';
import { Fault } from '../kernel/fault.js';
import type { Json } from '../kernel/json.js';
import { storableText, unstorable } from '../kernel/storable.js';
import { FAILURE_CLASSES, type AttemptOutcome, type SettledClass } from './failure-classes.js';
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

/** An attempt that did not complete: of which class, and what is told. */
interface Failure {
  class: SettledClass;
  error: TaskError | null;
  /** Chosen by who asked for the wait. */
  delayMs?: number;
}

/** Decides what becomes of a task whose attempt ended. Pure: same input, same answer (but for the jitter). */
export function decide(accounts: Accounts, ending: Ending): Settlement {
  if (ending.kind === 'returned' && ending.outcome.kind === 'snoozed') {
    const snooze = { event: 'snooze', outcome: 'snoozed', reason: 'snooze' } as const;
    return giveBack(accounts, { ...snooze, delayMs: ending.outcome.delayMs, error: null });
  }
  const failure = failureOf(ending);
  if (failure) return settleFailure(accounts, failure);
  const result = ending.kind === 'returned' && 'result' in ending.outcome ? ending.outcome.result : null;
  return { ...NOTHING, event: 'complete', outcome: 'completed', spends: 1, result: result as Json };
}

/** @returns nothing when the attempt completed */
function failureOf(ending: Ending): Failure | null {
  switch (ending.kind) {
    case 'returned':
      return failedAnswer(ending.outcome);
    case 'threw':
      return thrown(ending.error);
    case 'timed_out': {
      const message = `The attempt ran longer than ${ending.timeoutMs / 1_000} s`;
      return { class: 'timeout', error: { code: 'handler.timeout', message, retryable: true } };
    }
    case 'overran':
      return {
        class: 'deadline',
        error: { code: 'task.expired', message: MISSED_DEADLINE, retryable: false },
      };
    case 'interrupted':
      return { class: 'interrupted', error: null };
  }
}

/** Nobody but the task itself pays for a result that cannot be stored. */
function failedAnswer(outcome: TaskOutcome<unknown>): Failure | null {
  if (outcome.kind === 'rejected') {
    const { code, detail } = outcome;
    return { class: 'permanent', error: { code, message: storableText(detail), retryable: false } };
  }
  const fault = outcome.kind === 'completed' ? resultFault(outcome.result) : null;
  if (!fault) return null;
  const message = storableText(`The result cannot be stored: ${fault}`);
  return { class: 'unstorable', error: { code: 'result.unstorable', message, retryable: false } };
}

function thrown(cause: unknown): Failure {
  const error = toTaskError(cause);
  if (!error.retryable) return { class: 'permanent', error };
  const seconds = Fault.is(cause) ? cause.options.retryAfterSeconds : undefined;
  return seconds === undefined
    ? { class: 'retryable', error }
    : { class: 'throttled', error, delayMs: seconds * 1_000 };
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

function settleFailure(accounts: Accounts, { class: name, error, delayMs }: Failure): Settlement {
  const policy = FAILURE_CLASSES[name];
  const { event, outcome, reason, lastReason } = policy;
  if (policy.spends === 'return')
    return giveBack(accounts, { event: policy.event, outcome, reason, delayMs: delayMs ?? null, error });
  if (event !== 'retry') return { ...NOTHING, event, outcome, reason: lastReason, spends: 1, error };
  return spend(accounts, { outcome, lastReason, error });
}

/** One more attempt, or none left. */
function spend(
  accounts: Accounts,
  { outcome, lastReason, error }: Pick<Settlement, 'outcome' | 'error'> & { lastReason: string },
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
  back: Pick<Settlement, 'outcome' | 'delayMs' | 'reason' | 'error'> & { event: 'snooze' | 'interrupt' },
): Settlement {
  if (accounts.returns < MAX_UNSPENT_RETURNS) return { ...NOTHING, ...back, returns: 1 };
  if (accounts.attempts + 1 < accounts.maxAttempts) return { ...NOTHING, ...back, spends: 1 };
  const message = `Came back more than ${MAX_UNSPENT_RETURNS} times without a result`;
  const error = { code: 'handler.failed', message, retryable: true };
  return spend(accounts, { outcome: back.outcome, lastReason: 'exhausted', error });
}

/** The public form of whatever a handler threw: only a Fault's own text leaves the process. */
export function toTaskError(error: unknown): TaskError {
  if (Fault.is(error))
    return { code: error.code, message: storableText(error.detail), retryable: error.retryable };
  return { code: 'handler.failed', message: 'The handler failed; the log has the details', retryable: true };
}
