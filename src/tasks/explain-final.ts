import type { ExplainCode } from './explain-codes.js';
import type { ExplainFacts, Reason } from './explain-facts.js';

const FAILED: Readonly<Record<string, ExplainCode>> = {
  exhausted: 'failed.exhausted',
  permanent: 'failed.permanent',
  timeout: 'failed.timeout',
  poison: 'failed.poison',
  expired: 'failed.expired',
  dependency_failed: 'failed.dependency',
};

/** How it ended, and why. */
export function finalReasons(facts: ExplainFacts): Reason[] {
  const { status, reason, finished_at: since } = facts;
  if (status === 'completed')
    return [{ code: 'final.completed', detail: 'it completed; there is nothing to wait for', since }];
  if (status === 'cancelled' && reason !== 'dependency_failed')
    return [{ code: 'final.cancelled', detail: 'it was stopped on request', since }];
  return [{ code: FAILED[reason ?? ''] ?? 'failed.permanent', detail: failureOf(facts), since }];
}

function failureOf({ reason, error, attempts, max_attempts, crashes }: ExplainFacts): string {
  const cause = error ? `: ${error.code}: ${error.message}` : '';
  if (reason === 'expired') return `its time was over${cause}`;
  if (reason === 'dependency_failed') return `what it depends on did not complete${cause}`;
  if (reason === 'poison') return `it was quarantined after ${crashes} crashes${cause}`;
  return `it failed after ${attempts} of ${max_attempts} attempts${cause}`;
}
