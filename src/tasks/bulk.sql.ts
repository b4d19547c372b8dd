import { FINAL_STATUSES, LIVE_STATUSES } from './lifecycle.js';
import type { TaskStatus } from '../kernel/task-status.js';

/** `failed`: dead letters; `live`: whatever is not final. */
export const STATUSES = {
  failed: ['failed'],
  live: LIVE_STATUSES,
} as const satisfies Record<string, readonly TaskStatus[]>;

const IS_FINAL = `IN (${FINAL_STATUSES.map((status) => `'${status}'`).join(', ')})`;

/**
 * Which of the named tasks are still dead letters of before $2, and whether a live task, or a newer one among them, holds
 * their unique key. Reads only; the rows are held.
 */
export const REPLAYABLE = `
SELECT t.id, t.unique_key IS NOT NULL AND (
  EXISTS (SELECT FROM tasks l
    WHERE l.tenant_id = t.tenant_id AND l.unique_key = t.unique_key AND l.status NOT ${IS_FINAL})
  OR EXISTS (SELECT FROM tasks n
    WHERE n.id = ANY($1::uuid[]) AND n.id > t.id AND n.unique_key = t.unique_key AND n.status = 'failed')
) AS clashes
FROM tasks t WHERE t.id = ANY($1::uuid[]) AND t.status = 'failed' AND t.finished_at <= $2::timestamptz
ORDER BY t.id`;
