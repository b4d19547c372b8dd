import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';

/** A back-off up to this long is waited for. */
export const PATIENCE_S = 10;

/** $1: queues, $2: types, $3: patience, s. Reads only. */
const WORK_LEFT = `
WITH waiting AS NOT MATERIALIZED (
  SELECT t.queue, t.status, coalesce(q.paused, false) OR coalesce(tq.paused, false) AS paused
  FROM tasks t
  LEFT JOIN queues q ON q.name = t.queue
  LEFT JOIN tenant_queues tq ON tq.tenant_id = t.tenant_id AND tq.queue = t.queue
  WHERE t.queue = ANY($1::text[]) AND t.type = ANY($2::text[]) AND (t.status IN ('pending', 'queued')
    OR (t.status = 'scheduled' AND t.run_at < now() + make_interval(secs => $3::float8)))
)
SELECT EXISTS (SELECT FROM waiting WHERE status <> 'pending' AND NOT paused) AS due,
  EXISTS (SELECT FROM waiting WHERE status = 'pending' AND NOT paused) AS pending,
  ARRAY(SELECT DISTINCT queue FROM waiting WHERE paused ORDER BY queue) AS paused`;

const FAILED_AMONG = `SELECT count(*)::int AS n FROM tasks WHERE id = ANY($1::uuid[]) AND status = 'failed'`;

export interface WorkLeft {
  /** Something is queued, or will be soon. */
  due: boolean;
  /** Something waits for a place in the window. */
  pending: boolean;
  /** Queues with work that nobody may take. */
  paused: string[];
}

/** What a worker that wants to end must know of. */
@Injectable()
export class WorkLeftRepository {
  constructor(private readonly database: Database) {}

  async read(queues: readonly string[], types: readonly string[]): Promise<WorkLeft> {
    const [row] = await this.database.query<WorkLeft>(WORK_LEFT, queues, types, PATIENCE_S);
    return row ?? { due: true, pending: true, paused: [] };
  }

  async failedAmong(ids: readonly string[]): Promise<number> {
    if (ids.length === 0) return 0;
    const [row] = await this.database.query<{ n: number }>(FAILED_AMONG, ids);
    return row?.n ?? 0;
  }
}
