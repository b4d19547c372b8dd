-- How many attempts a worker runs at once in each of its queues: whether one of them is full cannot be told from the sum.

ALTER TABLE workers ADD COLUMN lanes jsonb NOT NULL DEFAULT '{}';
