import { EXPLAIN_CODES } from './explain-codes.js';
import type { ExplainFacts, Reason, TransportFacts } from './explain-facts.js';
import { finalReasons } from './explain-final.js';
import { runningReasons } from './explain-running.js';
import { waitingReasons } from './explain-waiting.js';
import { isFinal } from './lifecycle.js';

/** How close to `expires_at` and `deadline_at` a task is warned of them. */
const NEAR_MS = 3_600_000;

/**
 * Why a task is not done, the most decisive reason first. Pure: the same facts, the same answer. Never empty.
 * @param transport what this process knows of the transport
 */
export function explain(facts: ExplainFacts, transport: TransportFacts) {
  const reasons = [...reasonsOf(facts, transport), ...clocks(facts)];
  return {
    task_id: facts.id,
    status: facts.status,
    summary: `${opening(facts)}: ${reasons[0]?.detail ?? ''}`,
    position: positionOf(facts),
    reasons: reasons.map((reason) => toView(reason, facts)),
  };
}

function reasonsOf(facts: ExplainFacts, transport: TransportFacts): Reason[] {
  if (isFinal(facts.status)) return finalReasons(facts);
  return facts.status === 'processing' ? runningReasons(facts) : waitingReasons(facts, transport);
}

function opening({ status, reason }: ExplainFacts): string {
  if (isFinal(status)) return `It is ${status}`;
  return status === 'processing' ? 'It is being worked on' : `It waits (${reason ?? status})`;
}

/** Where it stands among those that it competes with. */
function positionOf({ status, ahead, window_size, window_used }: ExplainFacts) {
  if (status !== 'pending' && status !== 'queued') return null;
  const among = status === 'queued' ? ('window' as const) : ('tenant' as const);
  return { place: ahead + 1, among, window_used, window_size };
}

/** Clocks that end it, whatever else is the matter. */
function clocks({ status, started_at, expires_at, deadline_at, now }: ExplainFacts): Reason[] {
  if (isFinal(status)) return [];
  const isWaiting = status !== 'processing' && started_at === null;
  return [
    ...(isWaiting ? clock('expires', 'started', expires_at, now) : []),
    ...clock('deadline', 'finished', deadline_at, now),
  ];
}

function clock(name: 'expires' | 'deadline', verb: string, at: Date | null, now: Date): Reason[] {
  if (!at || at.getTime() - now.getTime() > NEAR_MS) return [];
  const passed = at <= now;
  const detail = passed
    ? `it had to be ${verb} by ${at.toISOString()}, and is about to fail`
    : `it fails unless it is ${verb} by ${at.toISOString()}`;
  return [{ code: passed ? `${name}.passed` : `${name}.near`, detail, until: at }];
}

function toView({ code, detail, since, until }: Reason, { id, queue }: ExplainFacts) {
  return {
    code,
    detail: sentence(detail),
    since: since?.toISOString() ?? null,
    until: until?.toISOString() ?? null,
    next_step: EXPLAIN_CODES[code].next.replaceAll('{id}', id).replaceAll('{queue}', queue),
  };
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
