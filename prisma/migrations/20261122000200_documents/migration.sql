CREATE TABLE documents (
  tenant_id     text NOT NULL,
  document_id   text NOT NULL,
  user_id       text,
  file_name     text NOT NULL,
  storage_key   text NOT NULL,
  declared_type text,
  metadata      jsonb,
  submission    integer NOT NULL DEFAULT 1,
  task_id       uuid NOT NULL,
  content_type  text,
  size_bytes    bigint,
  sha256        text,
  title         text,
  language      text,
  pages         integer,
  characters    integer,
  chunks        integer,
  warnings      jsonb,
  text          text,
  generation    uuid,
  recipe        text,
  created_at    timestamptz(3) NOT NULL DEFAULT now(),
  updated_at    timestamptz(3) NOT NULL DEFAULT now(),
  processed_at  timestamptz(3),
  PRIMARY KEY (tenant_id, document_id)
);
CREATE INDEX documents_newest ON documents (tenant_id, created_at DESC, document_id);

CREATE TABLE document_chunks (
  tenant_id    text NOT NULL,
  document_id  text NOT NULL,
  ordinal      integer NOT NULL,
  page         integer NOT NULL,
  start_offset integer NOT NULL,
  end_offset   integer NOT NULL,
  heading      text,
  text         text NOT NULL,
  PRIMARY KEY (tenant_id, document_id, ordinal),
  FOREIGN KEY (tenant_id, document_id) REFERENCES documents (tenant_id, document_id) ON DELETE CASCADE
);
