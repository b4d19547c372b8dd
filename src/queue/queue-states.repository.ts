import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { TenantScope } from '../kernel/tenant-scope.js';
import { LEASE_MS } from '../tasks/heartbeat.js';

/** Queues get their row from the first worker; $3 names those known without one. $2: lease, s. Reads only. */
const STATES = `
SELECT n.name, coalesce(q."window", 64) AS window_size,
  q.start_alarm_at,
  coalesce(q.paused, false) OR coalesce(tq.paused, false) AS paused, least(q.paused_at, tq.paused_at) AS paused_at,
  ARRAY(SELECT w.incarnation::text FROM workers w
    WHERE n.name = ANY(w.queues) AND w.kind <> 'isolated' AND w.status NOT IN ('lost', 'stopped')
      AND w.last_seen_at >= now() - make_interval(secs => $2::float8)) AS workers
FROM (SELECT name FROM queues UNION SELECT unnest($3::text[])) AS n(name)
LEFT JOIN queues q ON q.name = n.name
LEFT JOIN tenant_queues tq ON tq.queue = n.name AND tq.tenant_id = $1
ORDER BY n.name`;

export interface QueueState {
  name: string;
  window_size: number;
  /** Since when its tasks start too late, if they do. */
  start_alarm_at: Date | null;
  /** For this tenant or for everyone. */
  paused: boolean;
  paused_at: Date | null;
  /** Incarnations of the live workers that serve it. */
  workers: string[];
}

/** Each queue as dispatch sees it. */
@Injectable()
export class QueueStatesRepository {
  constructor(private readonly database: Database) {}

  /** @param declared queues that task types name, whether or not a worker ever served them */
  list(scope: TenantScope, declared: readonly string[]): Promise<QueueState[]> {
    return this.database.query(STATES, scope.tenantId, LEASE_MS / 1_000, declared);
  }
}
