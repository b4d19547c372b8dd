-- Where a collection's vectors lie, when it began to serve and when it ceased to, and how far leftovers were looked for.
ALTER TABLE vector_collections
  ADD COLUMN backend text NOT NULL DEFAULT 'postgres',
  ADD COLUMN served_at timestamptz(3),
  ADD COLUMN retired_at timestamptz(3),
  ADD COLUMN swept_to text,
  ADD COLUMN swept_at timestamptz(3),
  DROP CONSTRAINT vector_collections_state_check,
  ADD CONSTRAINT vector_collections_state_check CHECK (state IN ('serving', 'filling', 'retired', 'dropping'));
UPDATE vector_collections SET served_at = created_at WHERE state = 'serving';
CREATE UNIQUE INDEX vector_collections_filling ON vector_collections (alias) WHERE state = 'filling';

-- How far a re-index has come with filling a collection.
CREATE TABLE reindex_runs (
  collection text PRIMARY KEY REFERENCES vector_collections (name) ON DELETE CASCADE,
  task_id    uuid NOT NULL,
  cursor     jsonb,
  done       integer NOT NULL DEFAULT 0,
  result     jsonb,
  updated_at timestamptz(3) NOT NULL DEFAULT now()
);
