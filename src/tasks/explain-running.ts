import { LEASE_MS } from './heartbeat.js';
import type { ExplainFacts, Reason } from './explain-facts.js';
import { seconds } from './explain-wording.js';

/** A heartbeat comes every second; three missed ones are worth a word. */
const SILENT_MS = 3_500;
/** How long the reconciler leaves an attempt past its timeout alone, and how long until it looks. */
const OVERDUE_GRACE_MS = 15_000;

/** Who runs it since when, and what is wrong with that. */
export function runningReasons(facts: ExplainFacts): Reason[] {
  return [...silent(facts), ...overdue(facts), ...cancel(facts), running(facts)];
}

function silent({ worker, worker_seen_at: seen, worker_lost, now }: ExplainFacts): Reason[] {
  const silentMs = seen ? now.getTime() - seen.getTime() : Infinity;
  if (silentMs < SILENT_MS && !worker_lost) return [];
  const name = worker ?? 'its worker';
  const until = seen ? new Date(seen.getTime() + LEASE_MS) : null;
  const detail = worker_lost
    ? `${name} is gone; the task is about to be taken away from it`
    : `${name} has not been heard of for ${seconds(silentMs)}; the task is taken away after ${seconds(LEASE_MS)}`;
  return [{ code: 'worker.silent', detail, since: seen, until }];
}

function overdue({ started_at, timeout_ms, now }: ExplainFacts): Reason[] {
  const timeoutAt = timeoutOf(started_at, timeout_ms);
  if (!timeoutAt || timeoutAt > now) return [];
  const detail = `the attempt had ${seconds(timeout_ms)} and is over time since ${timeoutAt.toISOString()}`;
  const until = new Date(timeoutAt.getTime() + OVERDUE_GRACE_MS);
  return [{ code: 'attempt.overdue', detail, since: timeoutAt, until }];
}

function cancel({ cancel_requested_at: since, now }: ExplainFacts): Reason[] {
  if (!since) return [];
  const detail = `cancelling was asked ${seconds(now.getTime() - since.getTime())} ago and its handler has not stopped yet`;
  return [{ code: 'cancel.requested', detail, since }];
}

function running(facts: ExplainFacts): Reason {
  const { worker, worker_seen_at: seen, now, started_at, timeout_ms, attempts, max_attempts } = facts;
  const progress = progressOf(facts);
  const heard = seen ? `, last heard of ${seconds(now.getTime() - seen.getTime())} ago` : '';
  const detail = `attempt ${attempts + 1} of ${max_attempts} runs on ${worker ?? 'a worker'}${heard}${progress}`;
  return { code: 'running', detail, since: started_at, until: timeoutOf(started_at, timeout_ms) };
}

function progressOf({ progress, progress_message }: ExplainFacts): string {
  const share = progress === null ? '' : `, ${Math.round(progress * 100)} % done`;
  return share + (progress_message ? ` (${progress_message})` : '');
}

function timeoutOf(startedAt: Date | null, timeoutMs: number): Date | null {
  return startedAt && new Date(startedAt.getTime() + timeoutMs);
}
