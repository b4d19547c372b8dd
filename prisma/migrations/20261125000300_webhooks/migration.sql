-- What is owed to receivers, and what it is signed with.

CREATE TABLE webhook_secrets (
  id         uuid PRIMARY KEY,
  tenant_id  text NOT NULL,
  -- Unreadable without INTAKE_SECRET_KEY.
  sealed     text NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  -- While one takes over from another, both sign.
  retired_at timestamptz(3)
);
CREATE UNIQUE INDEX webhook_secrets_current ON webhook_secrets (tenant_id) WHERE retired_at IS NULL;

CREATE TABLE webhook_deliveries (
  id               uuid PRIMARY KEY,
  tenant_id        text NOT NULL,
  -- What happened: owed once, however often a transaction says so.
  owed_for         text NOT NULL,
  task_id          uuid,
  batch_id         uuid,
  event            text NOT NULL,
  url              text NOT NULL,
  host             text NOT NULL,
  body             text NOT NULL,
  traceparent      text,
  status           text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'sending', 'succeeded', 'failed')),
  attempts         smallint NOT NULL DEFAULT 0,
  next_attempt_at  timestamptz(3) NOT NULL DEFAULT now(),
  last_attempt_at  timestamptz(3),
  last_status_code smallint,
  last_error       text,
  last_response    text,
  lease_token      uuid,
  lease_until      timestamptz(3),
  created_at       timestamptz(3) NOT NULL DEFAULT now(),
  finished_at      timestamptz(3),
  CHECK ((status = 'sending') = (lease_token IS NOT NULL)),
  CHECK ((status = 'sending') = (lease_until IS NOT NULL)),
  CHECK ((status IN ('succeeded', 'failed')) = (finished_at IS NOT NULL))
) WITH (fillfactor = 85, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);

CREATE UNIQUE INDEX webhook_deliveries_owed_for ON webhook_deliveries (owed_for);
CREATE INDEX webhook_deliveries_newest ON webhook_deliveries (tenant_id, id DESC);
CREATE INDEX webhook_deliveries_by_task ON webhook_deliveries (task_id) WHERE task_id IS NOT NULL;
CREATE INDEX webhook_deliveries_by_batch ON webhook_deliveries (batch_id) WHERE batch_id IS NOT NULL;
-- Work indexes hold live rows only. The first tells whether anything is due, the second what, tenant by tenant, host by host.
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (next_attempt_at) WHERE status = 'pending';
CREATE INDEX webhook_deliveries_lanes ON webhook_deliveries (tenant_id, host, next_attempt_at, id) WHERE status = 'pending';
CREATE INDEX webhook_deliveries_sending ON webhook_deliveries (lease_until) WHERE status = 'sending';
CREATE INDEX webhook_deliveries_finished ON webhook_deliveries (finished_at) WHERE finished_at IS NOT NULL;
