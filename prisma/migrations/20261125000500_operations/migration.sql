-- Background work with progress, and what lets finished rows leave in the order of their age.

CREATE TABLE operations (
  id              uuid PRIMARY KEY,
  tenant_id       text NOT NULL,
  kind            text NOT NULL,
  status          text NOT NULL DEFAULT 'running' CHECK (status IN ('running', 'completed', 'failed', 'cancelled')),
  input           jsonb NOT NULL,
  state           jsonb,
  total           integer,
  done            integer NOT NULL DEFAULT 0,
  skipped         integer NOT NULL DEFAULT 0,
  skips           jsonb NOT NULL DEFAULT '[]',
  rate_per_second real CHECK (rate_per_second > 0),
  faults          smallint NOT NULL DEFAULT 0,
  error           jsonb,
  -- The next unit of work may be taken from then on: pays for the rate, and spaces out repeats after a fault.
  resume_at       timestamptz NOT NULL DEFAULT now(),
  created_at      timestamptz(3) NOT NULL DEFAULT now(),
  finished_at     timestamptz(3),
  CHECK ((status = 'running') = (finished_at IS NULL))
) WITH (fillfactor = 70);
CREATE INDEX operations_open ON operations (resume_at) WHERE status = 'running';
CREATE INDEX operations_newest ON operations (tenant_id, id DESC);

-- One key a millisecond and batch: entries of one settlement share theirs, so the index stays small and grows at its end.
CREATE INDEX tasks_finished ON tasks (finished_at) WHERE status IN ('completed', 'cancelled');
CREATE INDEX tasks_dead_finished ON tasks (finished_at) WHERE status = 'failed';
CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);
