-- An operator asks a worker to drain; its next beat hears of it.
ALTER TABLE workers ADD COLUMN drain_requested_at timestamptz(3);
