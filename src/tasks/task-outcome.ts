import type { FaultCode } from '../kernel/fault-codes.js';

/** How a handler ends without throwing. */
export type TaskOutcome<Result> =
  | { readonly kind: 'completed'; readonly result: Result }
  | { readonly kind: 'snoozed'; readonly delayMs: number }
  | { readonly kind: 'rejected'; readonly code: FaultCode; readonly detail: string };

/** Whether a handler answered at all: types promise it, JavaScript does not. */
export function isOutcome(answer: unknown): answer is TaskOutcome<unknown> {
  const { kind, delayMs } = (answer ?? {}) as { kind?: unknown; delayMs?: unknown };
  return kind === 'completed' || kind === 'rejected' || (kind === 'snoozed' && Number.isFinite(delayMs));
}

export function completed<Result>(result: Result): TaskOutcome<Result> {
  return { kind: 'completed', result };
}

/** Come back later; spends no attempt. */
export function snoozed(delayMs: number): TaskOutcome<never> {
  return { kind: 'snoozed', delayMs };
}

/** Permanent: trying again cannot help. */
export function rejected(code: FaultCode, detail: string): TaskOutcome<never> {
  return { kind: 'rejected', code, detail };
}
