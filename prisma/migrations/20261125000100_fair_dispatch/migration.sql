-- Fair dispatch: weights and limits of tenants, limits and rates by key, and how far a queued row may be overtaken.

ALTER TABLE tenants
  ADD COLUMN max_pending     integer CHECK (max_pending >= 0),
  ADD COLUMN max_concurrency integer CHECK (max_concurrency > 0),
  ADD COLUMN weight          integer NOT NULL DEFAULT 1 CHECK (weight > 0);

ALTER TABLE queues
  ADD COLUMN dispatched bigint NOT NULL DEFAULT 0,
  ADD COLUMN paused_at  timestamptz(3);
-- Each dispatch counts here: leave room beside the row, and sweep behind it.
ALTER TABLE queues SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 200);

ALTER TABLE tenant_queues ADD COLUMN paused_at timestamptz(3);

ALTER TABLE tasks
  ADD COLUMN dispatched_no bigint,
  ADD COLUMN lane          text NOT NULL DEFAULT '';

DROP INDEX tasks_pending;
CREATE INDEX tasks_pending ON tasks (queue, tenant_id, lane, rank_at, id) WHERE status = 'pending';
-- A claim finds its row here, in a few pages, whatever the size of the primary key.
DROP INDEX tasks_queued;
CREATE INDEX tasks_queued ON tasks (queue, id) WHERE status = 'queued';
-- What counts against a key's limit; rows without a key never enter.
CREATE INDEX tasks_by_key ON tasks (tenant_id, concurrency_key)
  WHERE concurrency_key IS NOT NULL AND status IN ('queued', 'processing');

-- A token bucket per key: full again at that second since the epoch, numeric so that nothing is rounded away.
CREATE TABLE rate_buckets (
  tenant_id text NOT NULL,
  key       text NOT NULL,
  full_at   numeric NOT NULL,
  PRIMARY KEY (tenant_id, key)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
CREATE INDEX rate_buckets_full ON rate_buckets (full_at);
