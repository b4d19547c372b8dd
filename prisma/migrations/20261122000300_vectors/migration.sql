CREATE TABLE vector_collections (
  name       text PRIMARY KEY,
  alias      text NOT NULL,
  model      text NOT NULL,
  dimension  integer NOT NULL CHECK (dimension > 0),
  state      text NOT NULL CHECK (state IN ('serving', 'filling', 'retired')),
  created_at timestamptz(3) NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX vector_collections_serving ON vector_collections (alias) WHERE state = 'serving';

CREATE TABLE vector_sources (
  collection text NOT NULL REFERENCES vector_collections (name),
  tenant_id  text NOT NULL,
  source     text NOT NULL,
  generation text,
  points     integer NOT NULL,
  changed_by bigint NOT NULL,
  PRIMARY KEY (collection, tenant_id, source)
);
CREATE INDEX vector_sources_changed ON vector_sources (collection, tenant_id, changed_by);

CREATE TABLE vectors (
  collection text NOT NULL,
  tenant_id  text NOT NULL,
  source     text NOT NULL,
  id         text NOT NULL,
  embedding  bytea NOT NULL,
  payload    jsonb NOT NULL,
  PRIMARY KEY (collection, tenant_id, source, id)
);
-- Floats do not compress, and 512 of them fit a page: keep them in the row and do not try.
ALTER TABLE vectors ALTER COLUMN embedding SET STORAGE MAIN;
