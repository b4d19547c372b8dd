import type { Backoff } from '../kernel/backoff.js';
import type { Json } from '../kernel/json.js';
import type { TaskStatus } from '../kernel/task-status.js';
import type { Settlement } from './settlement.js';
import type { EndedTask } from './task-observers.js';

/** A task as a submit brings it: everything decided but what only Postgres can know. Times are RFC 3339 texts. */
export interface NewTask {
  id: string;
  external_id?: string;
  tenant_id: string;
  user_id?: string;
  client_id?: string;
  type: string;
  queue: string;
  priority: number;
  payload: Json;
  max_attempts: number;
  backoff: { base_ms: number; factor: number; max_ms: number; jitter: number };
  timeout_ms: number;
  run_at?: string;
  delay_ms?: number;
  unique_key?: string;
  /** At most `concurrency_limit` rows of the tenant's key are queued or run at once, in whatever queues. */
  concurrency_key?: string;
  concurrency_limit?: number;
  /** At most `rate_limit` rows of the tenant's key are queued at once, and as many again per `rate_period_ms`. */
  rate_key?: string;
  rate_limit?: number;
  rate_period_ms?: number;
  batch_id?: string;
  tags?: string[];
  labels?: Record<string, Json>;
  traceparent?: string;
  callback_url?: string;
  expires_at?: string;
  deadline_at?: string;
  /** Ids and names of tasks that have to be done before. */
  depends_on?: string[];
  on_dependency_failure?: 'fail' | 'ignore' | 'cancel';
}

/** A row that a submit or a dispatch put into a status; `transport_priority` goes with it into the transport. */
export interface PlacedTask {
  id: string;
  queue: string;
  type: string;
  status: TaskStatus;
  epoch: number;
  created_at: Date;
  transport_priority: number | null;
  /** Pending although its queue has room: the dispatcher need not wait for its next interval. */
  may_dispatch?: boolean;
}

/** Why a submitted task is not there as a new row. */
export interface Collision extends PlacedTask {
  asked: string;
  why: 'mine' | 'external_id' | 'unique_key';
}

/** One attempt's hold on a task. */
export interface Lease {
  id: string;
  epoch: number;
  token: string;
}

/** What a delivery asks for. */
export interface Claim extends Lease {
  queue: string;
}

export interface ClaimedTask {
  id: string;
  tenant_id: string;
  queue: string;
  type: string;
  attempts: number;
  epoch: number;
  payload: Json;
  max_attempts: number;
  returns: number;
  backoff: { base_ms: number; factor: number; max_ms: number; jitter: number };
  timeout_ms: number;
  traceparent: string | null;
  wait_ms: number;
  /** Until its deadline, if it has one. */
  deadline_ms: number | null;
  /** The claim's own: of two claims of one row only one gets it. */
  token: string;
  /** `suspect`: two crashes; only a process of its own may claim it. */
  verdict: 'claimed' | 'withdrawn' | 'suspect';
}

export interface LogLine {
  level: 'info' | 'warn' | 'error';
  message: string;
  data?: Json;
  at: string;
}

export interface SettleRequest {
  lease: Lease;
  settlement: Settlement;
  fingerprint: string | null;
  logs: LogLine[];
}

/** `late`: the lease was gone; the result was refused. */
export type SettleAnswer =
  { status: TaskStatus; outcome: string; late: false } | { late: true; outcome: string };

export interface NewBatch {
  id: string;
  tenantId: string;
  total: number;
  callbackUrl?: string;
}

export type CancelledRow = EndedTask & { epoch: number };

export interface RevivedRow {
  id: string;
  queue: string;
  status: TaskStatus;
  batch_id: string | null;
}

/** What may change while a task waits; the time as RFC 3339. */
export interface Revision {
  priority?: number;
  run_at?: string;
}

export interface RevisedRow {
  id: string;
  queue: string;
  status: TaskStatus;
  epoch: number;
  withdrawn: boolean;
}

export interface QueuedRow {
  id: string;
  epoch: number;
  queued_at: Date;
  suspect: boolean;
}

/** Until when a queued row waits again, under which reason of its status, and why: for the history. */
export interface Postponement {
  delaySeconds: number;
  reason: string;
  why: string;
}

export function toBackoff(row: ClaimedTask['backoff']): Backoff {
  return { baseMs: row.base_ms, factor: row.factor, maxMs: row.max_ms, jitter: row.jitter };
}
