-- Work that comes again: docs/schedules.md says what the columns promise.

CREATE TABLE schedules (
  id               uuid PRIMARY KEY,
  tenant_id        text NOT NULL,
  name             text NOT NULL,
  cron             text NOT NULL,
  timezone         text NOT NULL,
  type             text NOT NULL,
  request          jsonb NOT NULL,
  catch_up         text NOT NULL CHECK (catch_up IN ('none', 'last', 'all')),
  overlap          text NOT NULL CHECK (overlap IN ('allow', 'skip', 'cancel')),
  paused           boolean NOT NULL,
  revision         integer NOT NULL DEFAULT 1,
  next_at          timestamptz(3),
  wake_at          timestamptz(3),
  last_tick_at     timestamptz(3),
  last_fired_at    timestamptz(3),
  last_task_id     uuid,
  last_skipped_at  timestamptz(3),
  last_skip_reason text,
  last_error       jsonb,
  refusals         integer NOT NULL DEFAULT 0,
  fired            bigint NOT NULL DEFAULT 0,
  skipped          bigint NOT NULL DEFAULT 0,
  created_at       timestamptz(3) NOT NULL DEFAULT now(),
  updated_at       timestamptz(3) NOT NULL DEFAULT now(),
  CHECK (NOT paused OR wake_at IS NULL)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

CREATE UNIQUE INDEX schedules_name ON schedules (tenant_id, name);
CREATE INDEX schedules_newest ON schedules (tenant_id, id DESC);
CREATE INDEX schedules_due ON schedules (wake_at, id) WHERE wake_at IS NOT NULL;
