-- A document comes from the storage or from a URL.
ALTER TABLE documents ALTER COLUMN storage_key DROP NOT NULL, ADD COLUMN source_url text;

-- Which uploads are in use is asked by their keys.
CREATE INDEX documents_uploads ON documents (storage_key) WHERE storage_key LIKE 'uploads/%';
