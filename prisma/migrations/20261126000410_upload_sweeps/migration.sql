-- How far the search for uploads that nothing refers to has come, one row per feature. The id is written into the storage,
-- so that no other deployment clears up there.
CREATE TABLE upload_sweeps (
  feature   text PRIMARY KEY,
  id        uuid NOT NULL DEFAULT gen_random_uuid(),
  after_key text NOT NULL DEFAULT '',
  due_at    timestamptz(3) NOT NULL DEFAULT 'epoch'
);
