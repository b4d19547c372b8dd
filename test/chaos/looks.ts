import type { Database } from '../../src/database/database.js';

const OPEN = `SELECT count(*)::int AS n FROM tasks WHERE finished_at IS NULL AND created_at < $1::timestamptz`;
/** What is not final yet of what came before `$1`; times in seconds from now. */
const STILL_OPEN = `
SELECT status, reason, type, count(*)::int AS n, max(epoch) AS epoch, max(crashes) AS crashes, max(attempts) AS attempts,
  max(extract(epoch FROM run_at - now()))::int AS run, max(extract(epoch FROM queued_at - now()))::int AS queued,
  max(extract(epoch FROM started_at - now()))::int AS started
FROM tasks WHERE finished_at IS NULL AND created_at < $1::timestamptz GROUP BY 1, 2, 3`;
/** Where the time went, in seconds since `$2`. */
const STATIONS = `
SELECT t.epoch, t.status, extract(epoch FROM t.created_at - $2::timestamptz)::float8 AS created,
  extract(epoch FROM t.queued_at - $2::timestamptz)::float8 AS queued,
  extract(epoch FROM t.started_at - $2::timestamptz)::float8 AS started,
  ARRAY(SELECT e.kind FROM task_events e WHERE e.task_id = t.id ORDER BY e.id) AS events
FROM tasks t WHERE t.id = $1::uuid`;
/** One snapshot: exact, however many dispatch. */
const OVER_THE_LIMIT = `
SELECT concurrency_key AS key, min(concurrency_limit) AS "limit", count(*)::int AS n FROM tasks
WHERE concurrency_key IS NOT NULL AND status IN ('queued', 'processing')
GROUP BY 1 HAVING count(*) > min(concurrency_limit)`;
/** The third attempt is five minutes after the second: that is not waited for. */
const BRING_FORWARD = `
UPDATE webhook_deliveries SET next_attempt_at = now()
WHERE status = 'pending' AND attempts > 1 AND next_attempt_at > now() + interval '10 seconds'`;
const UNDELIVERED = `SELECT count(*)::int AS n FROM webhook_deliveries WHERE status IN ('pending', 'sending')`;

/** A key whose tasks took more places than it has. */
export interface Overshoot {
  key: string;
  limit: number;
  n: number;
}

/** What the rows say while all this goes on. */
export class Looks {
  constructor(private readonly database: Database) {}

  /** @param sql with a count `n` of what happened since `$1` */
  async count(sql: string, since: Date): Promise<number> {
    const [row] = await this.database.query<{ n: number }>(sql, since);
    return row?.n ?? 0;
  }

  /** @returns how many tasks are not final of those that came before */
  open(before: Date): Promise<number> {
    return this.count(OPEN, before);
  }

  stillOpen(before: Date): Promise<unknown[]> {
    return this.database.query(STILL_OPEN, before);
  }

  async stations(id: string, since: Date): Promise<unknown> {
    const [stations] = await this.database.query(STATIONS, id, since);
    return stations;
  }

  overTheLimit(): Promise<Overshoot[]> {
    return this.database.query(OVER_THE_LIMIT);
  }

  /** @returns how many callbacks are owed; what was to wait for minutes is due now */
  async undelivered(): Promise<number> {
    await this.database.query(BRING_FORWARD);
    const [row] = await this.database.query<{ n: number }>(UNDELIVERED);
    return row?.n ?? 0;
  }

  async isFinal(id: string): Promise<boolean> {
    const [row] = await this.database.query(
      'SELECT 1 FROM tasks WHERE id = $1::uuid AND finished_at IS NOT NULL',
      id,
    );
    return row !== undefined;
  }

  async now(): Promise<Date> {
    const [row] = await this.database.query<{ now: Date }>('SELECT now() AS now');
    if (!row) throw new Error('Postgres told no time');
    return row.now;
  }
}
