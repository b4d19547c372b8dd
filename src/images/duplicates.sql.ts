const UNDECIDED = `NOT EXISTS (SELECT FROM duplicate_decisions d WHERE d.first = p.first AND d.second = p.second)`;

/** The two ends of undecided pairs, as neighbours of `reach.id`. */
const NEIGHBOURS = `
  SELECT p.second AS id FROM duplicate_pairs p WHERE p.first = reach.id AND ${UNDECIDED}
  UNION ALL
  SELECT p.first FROM duplicate_pairs p WHERE p.second = reach.id AND ${UNDECIDED}`;

/** Locks: the pairs of these images, in the order of their key. */
export const DROP_PAIRS = `
DELETE FROM duplicate_pairs p USING (
  SELECT first, second FROM duplicate_pairs WHERE first = ANY($1::uuid[]) OR second = ANY($1::uuid[])
  ORDER BY first, second FOR UPDATE
) AS held WHERE p.first = held.first AND p.second = held.second`;

/** Locks: these images against being deleted, in id order. */
export const HOLD_IMAGES = `SELECT id FROM images WHERE id = ANY($1::uuid[]) ORDER BY id FOR KEY SHARE`;

/** $1: tenant, $2: the image, $3: `[{other, distance, similarity}]`. */
export const SAVE_PAIRS = `
INSERT INTO duplicate_pairs (tenant_id, first, second, distance, similarity)
SELECT $1, least($2::uuid, o.id), greatest($2::uuid, o.id), w.distance, w.similarity
FROM jsonb_to_recordset($3::jsonb) AS w(other uuid, distance int, similarity real)
JOIN images o ON o.tenant_id = $1 AND o.id = w.other AND o.discarded_at IS NULL
ORDER BY 2, 3
ON CONFLICT (first, second) DO UPDATE SET distance = excluded.distance, similarity = excluded.similarity`;

/** Images nearest first. $1: tenant, $2: of these images. */
export const NEAR = `
SELECT n.image, o.product_id, o.image_id, n.distance, n.similarity FROM (
  SELECT p.first AS image, p.second AS other, p.distance, p.similarity FROM duplicate_pairs p
  WHERE p.first = ANY($2::uuid[])
  UNION ALL
  SELECT p.second, p.first, p.distance, p.similarity FROM duplicate_pairs p WHERE p.second = ANY($2::uuid[])
) AS n JOIN images o ON o.id = n.other AND o.tenant_id = $1
ORDER BY n.similarity DESC, o.id`;

/** Images that may be the oldest of a group: no undecided pair has an older one. $2: after this one (null: the first), $3: limit. */
export const ROOTS = `
SELECT DISTINCT p.first AS id FROM duplicate_pairs p
WHERE p.tenant_id = $1 AND ($2::uuid IS NULL OR p.first > $2::uuid) AND ${UNDECIDED}
  AND NOT EXISTS (
    SELECT FROM duplicate_pairs o WHERE o.second = p.first
      AND NOT EXISTS (SELECT FROM duplicate_decisions d WHERE d.first = o.first AND d.second = o.second))
ORDER BY 1 LIMIT $3::int`;

/** Everything that hangs together with each of these images by undecided pairs. $1: tenant, $2: images. */
export const REACHED = `
WITH RECURSIVE reach(root, id) AS (
  SELECT i.id, i.id FROM images i WHERE i.tenant_id = $1 AND i.id = ANY($2::uuid[])
  UNION
  SELECT reach.root, n.id FROM reach CROSS JOIN LATERAL (${NEIGHBOURS}) AS n
)
SELECT reach.root, reach.id, i.product_id, i.image_id FROM reach JOIN images i ON i.id = reach.id
ORDER BY reach.root, reach.id`;

/** Locks: these images, in id order. */
export const LOCK_MEMBERS = `SELECT id FROM images WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE`;

/** Every pair among these images is decided, whether they are neighbours or not. */
export const DECIDE = `
INSERT INTO duplicate_decisions (tenant_id, first, second)
SELECT $1, a.id, b.id FROM unnest($2::uuid[]) AS a(id) JOIN unnest($2::uuid[]) AS b(id) ON a.id < b.id
ORDER BY 2, 3
ON CONFLICT DO NOTHING`;

export const DISCARD = `UPDATE images SET discarded_at = now(), updated_at = now() WHERE id = ANY($1::uuid[])`;
