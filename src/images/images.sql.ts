/**
 * New rows, or one more submission of old ones; the same task registers once. $1: tenant, $2: the images as JSON, each
 * once, `times` telling how many submissions it stands for. Locks: the images, in the order of their names.
 */
export const REGISTER = `
INSERT INTO images AS i (id, tenant_id, product_id, image_id, user_id, name, description, tags, metadata, image_path,
  task_id, submission)
SELECT w.id, $1, w.product_id, w.image_id, w.user_id, w.name, w.description, w.tags, w.metadata, w.image_path,
  w.task_id, w.times
FROM jsonb_to_recordset($2::jsonb) AS w(id uuid, product_id text, image_id text, user_id text, name text,
  description text, tags text[], metadata jsonb, image_path text, task_id uuid, times int)
ORDER BY w.product_id, w.image_id
ON CONFLICT (tenant_id, product_id, image_id) DO UPDATE SET
  user_id = excluded.user_id, name = excluded.name, description = excluded.description, tags = excluded.tags,
  metadata = excluded.metadata, image_path = excluded.image_path, task_id = excluded.task_id,
  submission = i.submission + CASE WHEN i.task_id = excluded.task_id THEN 0 ELSE excluded.submission END,
  updated_at = now()
RETURNING i.product_id, i.image_id, i.submission`;

/** Locks: the image. */
export const LOCK_IMAGE = `
SELECT id, submission, sha256, thumbnail_key, discarded_at FROM images
WHERE tenant_id = $1 AND product_id = $2 AND image_id = $3 FOR NO KEY UPDATE`;

/**
 * What a run found. The recipe comes last, with the pairs.
 */
export const SAVE = `
UPDATE images SET content_type = $2, size_bytes = $3, width = $4, height = $5, frames = $6, has_alpha = $7,
  discarded_at = CASE WHEN sha256 = $8 THEN discarded_at END, sha256 = $8, perceptual_hash = $9, colours = $10,
  model = $11, taken_at = $12::timestamptz, exif = $13::jsonb, thumbnail_key = $14, generation = $15::uuid,
  recipe = NULL, processed_at = now(),
  words = setweight(to_tsvector('simple', coalesce(name, '')), 'A')
    || setweight(to_tsvector('simple', array_to_string(tags || $10::text[], ' ')), 'B')
    || setweight(to_tsvector('simple', coalesce(description, '')), 'C')
WHERE id = $1::uuid`;

export const FINISH = `UPDATE images SET recipe = $2 WHERE id = $1::uuid`;

/** What was decided about a picture that is no longer shown. */
export const FORGET_DECISIONS = `DELETE FROM duplicate_decisions WHERE first = $1::uuid OR second = $1::uuid`;

/**
 * Images whose hash differs in $3 bits at most: one quarter of theirs is one of the given ones, which an index finds.
 * $2: the hash, $4 to $7: its quarters, each also with any one bit turned; $8: the image that asks; $9: how many.
 */
export const ALIKE = `
SELECT a.id, a.distance FROM (
  SELECT i.id, bit_count(('x' || i.perceptual_hash)::bit(64) # ('x' || $2)::bit(64))::int AS distance
  FROM images i
  WHERE i.tenant_id = $1 AND i.discarded_at IS NULL AND i.id <> $8::uuid
    AND (substr(i.perceptual_hash, 1, 4) = ANY($4::text[]) OR substr(i.perceptual_hash, 5, 4) = ANY($5::text[])
      OR substr(i.perceptual_hash, 9, 4) = ANY($6::text[]) OR substr(i.perceptual_hash, 13, 4) = ANY($7::text[]))
) AS a WHERE a.distance <= $3::int ORDER BY a.distance, a.id LIMIT $9::int`;

/** Found by words. $1: tenant, $2: tsquery, $3: limit, then the filter: products, user, metadata (null: any). */
export const FIND_WORDS = `
SELECT i.id, ts_rank(i.words, q.query, 32)::float8 AS score
FROM images i, to_tsquery('simple', $2) AS q(query)
WHERE i.tenant_id = $1 AND i.words @@ q.query AND i.discarded_at IS NULL
  AND ($4::text[] IS NULL OR i.product_id = ANY($4::text[]))
  AND ($5::text IS NULL OR i.user_id = $5)
  AND ($6::jsonb IS NULL OR i.metadata @> $6::jsonb)
ORDER BY score DESC, i.id LIMIT $3::int`;

export const UPLOADS_IN_USE = `
SELECT image_path AS key FROM images WHERE image_path LIKE 'uploads/%' AND image_path = ANY($1::text[])
UNION SELECT thumbnail_key FROM images WHERE thumbnail_key = ANY($1::text[])`;

/**
 * Removes the next images, the oldest first. Locks: the images, in this order. $1: tenant, $2: user (null: any), $3: not
 * submitted later, $4 and $5: behind this time and id (null: from the first), $6: how many.
 */
export const ERASE_IMAGES = `
WITH next AS MATERIALIZED (
  SELECT id FROM images
  WHERE tenant_id = $1 AND ($2::text IS NULL OR user_id = $2) AND updated_at <= $3
    AND ($4::timestamptz IS NULL OR (created_at, id) > ($4::timestamptz, $5::uuid))
  ORDER BY created_at, id LIMIT $6::int FOR UPDATE
), gone AS (
  DELETE FROM images i USING next WHERE i.id = next.id
  RETURNING i.id, i.created_at, i.image_path, i.thumbnail_key
)
SELECT id, created_at, image_path, thumbnail_key FROM gone ORDER BY created_at, id`;

/** Removes one image of a product, or all of them ($3: null). */
export const DELETE_IMAGES = `
DELETE FROM images WHERE tenant_id = $1 AND product_id = $2 AND ($3::text IS NULL OR image_id = $3)
RETURNING id, created_at, image_path, thumbnail_key`;
