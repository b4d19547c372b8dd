import { FINAL_STATUSES, WAITING_STATUSES } from './lifecycle.js';
import type { TaskStatus } from '../kernel/task-status.js';

/**
 * The id that ends the next part of a tenant's tasks, newest first; no row when what is left is less than a part. One walk
 * per status along an index, so that history does not count. $1: tenant, $2: before this id, $3: size of a part. Reads only.
 */
const windowOf = (statuses: readonly TaskStatus[]): string => `
SELECT id FROM (${statuses
  .map(
    (status) => `
  (SELECT id FROM tasks WHERE tenant_id = $1 AND status = '${status}' AND id < $2::uuid ORDER BY id DESC LIMIT $3::int)`,
  )
  .join(' UNION ALL')}
) AS heads ORDER BY id DESC OFFSET $3::int - 1 LIMIT 1`;

export const WINDOW = {
  failed: windowOf(['failed']),
  live: windowOf([...WAITING_STATUSES, 'processing']),
};

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
