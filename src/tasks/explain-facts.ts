import type { TaskStatus } from '../kernel/task-status.js';
import type { ExplainCode } from './explain-codes.js';
import type { TaskError } from './settlement.js';

/** What stands in Postgres about a task and all that may hold it up, read in one statement: of one moment. */
export interface ExplainFacts {
  now: Date;
  id: string;
  type: string;
  queue: string;
  status: TaskStatus;
  reason: string | null;
  error: TaskError | null;
  attempts: number;
  max_attempts: number;
  crashes: number;
  epoch: number;
  progress: number | null;
  progress_message: string | null;
  timeout_ms: number;
  created_at: Date;
  run_at: Date | null;
  queued_at: Date | null;
  started_at: Date | null;
  finished_at: Date | null;
  expires_at: Date | null;
  deadline_at: Date | null;
  cancel_requested_at: Date | null;

  /** Whether its present epoch led to an attempt; a dispatch that was put back did not. */
  attempted: boolean;

  /** What it depends on and is still open; at most 20 of them. */
  dependencies: Array<{ task_id: string; type: string; status: TaskStatus }>;

  paused: boolean;
  paused_at: Date | null;
  tenant_paused: boolean;
  tenant_paused_at: Date | null;
  window_size: number;
  window_used: number;
  /** Waiting tasks of the tenant in the queue, and how many there may be (0: any number). */
  waiting: number;
  max_waiting: number | null;

  /** Live workers that serve the queue, those of them that take work, and those that know the type too. */
  workers_alive: number;
  workers_taking: number;
  workers_able: number;
  /** When a worker of the queue was last heard of. */
  workers_seen_at: Date | null;
  slots: number;
  slots_busy: number;
  /** What of the tenant's own runs in the queue, by type. */
  busy_with: Array<{ type: string; count: number }>;

  max_concurrency: number | null;
  tenant_active: number;
  concurrency_key: string | null;
  concurrency_limit: number | null;
  key_active: number;
  key_holders: string[];
  rate_key: string | null;
  /** From when on a token is there. */
  rate_free_at: Date | null;

  /** How many go before it: of its tenant and key while pending, in the window while queued. Counts to 10,000. */
  ahead: number;

  worker: string | null;
  worker_seen_at: Date | null;
  worker_lost: boolean;
}

/** What this process knows of the transport. */
export interface TransportFacts {
  /** Since when it cannot be reached; `null` when it answered. */
  unreachableSince: Date | null;
  /** Whether it holds the task; `null` when that was not asked, or not answered. */
  knows: boolean | null;
}

/** One thing that holds a task up, before it is put into words for the wire. */
export interface Reason {
  code: ExplainCode;
  /** One sentence with the numbers and names of this case. */
  detail: string;
  since?: Date | null;
  until?: Date | null;
}
