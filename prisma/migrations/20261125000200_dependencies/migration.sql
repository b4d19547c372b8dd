-- What a task waits for, and its clocks: docs/lifecycle.md says what they promise.

-- An edge is the outbox of its parent's end: whoever ends the parent writes `outcome` and `news`, the dependencies sweep
-- reads the news and decides what becomes of the child. No cascade from the parent: no child goes free by a deletion.
CREATE TABLE task_dependencies (
  task_id   uuid NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
  parent_id uuid NOT NULL REFERENCES tasks (id),
  tenant_id text NOT NULL,
  outcome   text CHECK (outcome IN ('completed', 'failed', 'cancelled')),
  news      boolean NOT NULL DEFAULT false,
  PRIMARY KEY (task_id, parent_id),
  CHECK (task_id <> parent_id)
) WITH (fillfactor = 85);
CREATE INDEX task_dependencies_by_parent ON task_dependencies (parent_id, task_id);
CREATE INDEX task_dependencies_news ON task_dependencies (parent_id, task_id) WHERE news;

-- `delay_ms` of a task that waits for others begins when they are done. `waits_on` is derived from the edges and goes later.
ALTER TABLE tasks ADD COLUMN delay_ms double precision;

CREATE INDEX tasks_expiring ON tasks (expires_at)
  WHERE expires_at IS NOT NULL AND started_at IS NULL AND status IN ('blocked', 'scheduled', 'pending', 'queued');
CREATE INDEX tasks_deadline ON tasks (deadline_at)
  WHERE deadline_at IS NOT NULL AND status IN ('blocked', 'scheduled', 'pending', 'queued', 'processing');

-- A queue whose oldest task waits longer raises an alarm; `start_alarm_at` is when the present one was raised.
ALTER TABLE queues ADD COLUMN start_alarm_seconds integer NOT NULL DEFAULT 600 CHECK (start_alarm_seconds > 0);
ALTER TABLE queues ADD COLUMN start_alarm_at timestamptz(3);
