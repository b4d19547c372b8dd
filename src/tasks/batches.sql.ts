/** Locks: the batches, in id order, after tasks. $1: one batch id per member that just became final. */
export const END_MEMBERS = `
WITH ends AS (SELECT id, count(*)::int AS n FROM unnest($1::uuid[]) AS id GROUP BY id),
locked AS (SELECT b.id FROM batches b WHERE b.id IN (SELECT id FROM ends) ORDER BY b.id FOR NO KEY UPDATE)
UPDATE batches b SET remaining = b.remaining - e.n
FROM ends e JOIN locked l USING (id) WHERE b.id = e.id
RETURNING b.id, b.tenant_id, b.remaining, b.generation, b.callback_url`;

/** Locks as above. $1: one batch id per member that lives again; a batch that had ended begins a new generation. */
export const REOPEN_MEMBERS = `
WITH back AS (SELECT id, count(*)::int AS n FROM unnest($1::uuid[]) AS id GROUP BY id),
locked AS (SELECT b.id FROM batches b WHERE b.id IN (SELECT id FROM back) ORDER BY b.id FOR NO KEY UPDATE)
UPDATE batches b SET remaining = b.remaining + r.n, generation = b.generation + (b.remaining = 0)::int
FROM back r JOIN locked l USING (id) WHERE b.id = r.id`;
