/** Locks: the named rows, in id order, so that two batches over the same rows never wait for each other in a circle. */
export const LOCK_TASKS = `
SELECT id FROM tasks WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE`;

/** One dispatcher a queue at a time, for the length of its transaction. */
export const TRY_LOCK = `SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0)) AS held`;
