/** What describes a collection, in {@link VectorCollection}'s words. */
const COLLECTION = `
  name, alias, model, dimension, backend, state, created_at AS "createdAt", served_at AS "servedAt", retired_at AS "retiredAt"`;

/** Writers of an alias's collections share this lock until they commit, so that nothing is switched under their hands. */
export const HOLD_ALIAS = `SELECT pg_advisory_xact_lock_shared(hashtextextended('vectors:' || $1, 0))::text`;

/** Waits for the writers that hold the alias; makes those who change its collections take turns. */
export const LOCK_ALIAS = `SELECT pg_advisory_xact_lock(hashtextextended('vectors:' || $1, 0))::text`;

export const FIND_COLLECTION = `SELECT ${COLLECTION} FROM vector_collections WHERE name = $1`;

/** Newest first. */
export const COLLECTIONS_OF = `
  SELECT ${COLLECTION} FROM vector_collections WHERE alias = $1 AND state <> 'dropping' ORDER BY created_at DESC, name`;

/** Of several with this model the one that serves, else the one being filled, else the newest. */
export const MATCHING_COLLECTION = `
  SELECT ${COLLECTION} FROM vector_collections
  WHERE alias = $1 AND model = $2 AND dimension = $3 AND backend = $4 AND state <> 'dropping'
  ORDER BY state = 'serving' DESC, state = 'filling' DESC, created_at DESC, name
  LIMIT 1`;

/** Only one collection of an alias is filled at a time: the newest. Comes before {@link INSERT_COLLECTION}. */
export const GIVE_UP_FILLING = `
  UPDATE vector_collections SET state = 'retired', retired_at = now() WHERE alias = $1 AND state = 'filling'`;

export const INSERT_COLLECTION = `
  INSERT INTO vector_collections (name, alias, model, dimension, backend, state, served_at)
  SELECT $1, $2, $3, $4, $5, CASE WHEN served THEN 'filling' ELSE 'serving' END, CASE WHEN served THEN NULL ELSE now() END
  FROM (SELECT EXISTS (SELECT FROM vector_collections WHERE alias = $2 AND state = 'serving') AS served) alias
  RETURNING ${COLLECTION}`;

export const RETIRE_SERVING = `
  UPDATE vector_collections SET state = 'retired', retired_at = now()
  WHERE alias = $1 AND state = 'serving' AND name <> $2
  RETURNING name`;

export const SERVE = `
  UPDATE vector_collections SET state = 'serving', retired_at = NULL,
    served_at = CASE WHEN state = 'serving' THEN served_at ELSE now() END
  WHERE name = $1 AND state IN ('filling', 'retired', 'serving')`;

export const RETIRE_FILLING = `
  UPDATE vector_collections SET state = 'retired', retired_at = now() WHERE name = $1 AND state = 'filling'`;

export const BEGIN_DROP = `
  UPDATE vector_collections SET state = 'dropping' WHERE name = $1 AND state IN ('filling', 'retired', 'dropping')`;

export const END_DROP = `DELETE FROM vector_collections WHERE name = $1 AND state = 'dropping'`;

/** Retired longer than $1 days ago, or left half dropped by a process that died. */
export const OUTLIVED_COLLECTIONS = `
  SELECT name FROM vector_collections
  WHERE state = 'dropping' OR (state = 'retired' AND retired_at < now() - make_interval(days => $1))
  ORDER BY name`;

/** Comes first in every write: its row lock makes writers of one source take turns. */
export const WRITE_SOURCE = `
  INSERT INTO vector_sources (collection, tenant_id, source, generation, points, changed_by)
  VALUES ($1, $2, $3, $4, $5, pg_current_xact_id()::text::bigint)
  ON CONFLICT (collection, tenant_id, source) DO UPDATE
  SET generation = EXCLUDED.generation, points = EXCLUDED.points, changed_by = EXCLUDED.changed_by
  RETURNING changed_by::text AS "changedBy"`;

/** The generation that a write is about to replace. */
export const HOLD_SOURCE = `
  SELECT generation FROM vector_sources WHERE collection = $1 AND tenant_id = $2 AND source = $3 FOR UPDATE`;

/** The row of a deleted source stays, so that caches learn of it. */
export const CLEAR_SOURCE = `
  UPDATE vector_sources SET generation = NULL, points = 0, changed_by = pg_current_xact_id()::text::bigint
  WHERE collection = $1 AND tenant_id = $2 AND source = $3`;

/** Up to $2 sources of a collection that is being dropped. */
export const FORGET_SOURCES = `
  DELETE FROM vector_sources s USING (
    SELECT tenant_id, source FROM vector_sources WHERE collection = $1 ORDER BY tenant_id, source LIMIT $2
  ) page
  WHERE s.collection = $1 AND s.tenant_id = page.tenant_id AND s.source = page.source`;

export const GENERATIONS = `
  SELECT source, generation FROM vector_sources
  WHERE collection = $1 AND tenant_id = $2 AND source = ANY ($3::text[]) AND generation IS NOT NULL`;

export const HOLDS_ANY = `SELECT EXISTS (SELECT FROM vector_sources WHERE collection = $1 AND points > 0) AS holds`;

export const SNAPSHOT = `SELECT pg_current_snapshot()::text AS seen`;

/** Ids that the server has not given out yet are those of a dump from another server: no change since the snapshot. */
export const SOURCE_STATES = `
  SELECT source, generation,
         NOT pg_visible_in_snapshot(changed_by::text::xid8, $4::pg_snapshot)
           AND changed_by < pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS changed
  FROM vector_sources WHERE collection = $1 AND tenant_id = $2 AND source = ANY ($3::text[])`;

/** Of what $2 says was written: that whose transaction is over and whose generation is not current. */
export const LEFTOVERS = `
  SELECT p.tenant_id, p.source, p.generation, p.written_by::text AS written_by
  FROM jsonb_to_recordset($2::jsonb) AS p (tenant_id text, source text, generation text, written_by bigint)
  WHERE p.written_by < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
    AND NOT EXISTS (SELECT FROM vector_sources s WHERE s.collection = $1 AND s.tenant_id = p.tenant_id
                    AND s.source = p.source AND s.generation = p.generation)`;

/** A collection whose points nobody has gone through for $2 seconds: this process takes the next page of it. */
export const TAKE_TO_SWEEP = `
  UPDATE vector_collections SET swept_at = now()
  WHERE name = (
    SELECT name FROM vector_collections
    WHERE backend = $1 AND state <> 'dropping' AND coalesce(swept_at, '-infinity') < now() - make_interval(secs => $2)
    ORDER BY swept_at NULLS FIRST LIMIT 1 FOR UPDATE SKIP LOCKED
  )
  RETURNING name, swept_to AS "sweptTo"`;

export const SWEPT_TO = `UPDATE vector_collections SET swept_to = $2 WHERE name = $1`;

export const DELETE_VECTORS = `DELETE FROM vectors WHERE collection = $1 AND tenant_id = $2 AND source = $3`;

/** Up to $2 vectors of a collection that is being dropped. */
export const FORGET_VECTORS = `
  DELETE FROM vectors v USING (
    SELECT tenant_id, source, id FROM vectors WHERE collection = $1 ORDER BY tenant_id, source, id LIMIT $2
  ) page
  WHERE v.collection = $1 AND v.tenant_id = page.tenant_id AND v.source = page.source AND v.id = page.id`;

export const COUNT_VECTORS = `SELECT count(*)::int AS stored FROM vectors WHERE collection = $1`;

/** $4: [{id, payload}]; $5: their vectors, end to end; $6: bytes per vector. */
export const INSERT_VECTORS = `
  INSERT INTO vectors (collection, tenant_id, source, id, embedding, payload)
  SELECT $1, $2, $3, point->>'id', substring($5::bytea FROM (place::int - 1) * $6::int + 1 FOR $6::int), point->'payload'
  FROM jsonb_array_elements($4::jsonb) WITH ORDINALITY AS points (point, place)`;

export const COUNT_POINTS = `
  SELECT coalesce(sum(points), 0)::int AS points FROM vector_sources
  WHERE collection = $1 AND tenant_id = $2 AND ($3::text IS NULL OR source = $3)`;

/**
 * The sources written since the snapshot whose horizon is $3, and this snapshot's own horizon: every transaction
 * below it had ended, so what it did not show can only come from one at or above it. Without a horizon ('0'), all.
 * Ids that the server has not given out yet are those of a dump from another server; the first read took them in.
 */
export const CHANGED_SOURCES = `
  SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS horizon,
         (SELECT coalesce(jsonb_agg(jsonb_build_object('source', source, 'version', changed_by::text, 'points', points)), '[]')
          FROM vector_sources
          WHERE collection = $1 AND tenant_id = $2 AND changed_by >= $3::bigint
            AND ($3::bigint = 0 OR changed_by < pg_snapshot_xmax(pg_current_snapshot())::text::bigint)) AS sources`;

/** All reads of a refresh see one snapshot. */
export const ONE_SNAPSHOT = `SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY`;

/** Up to $6 points of the sources $3 that come after the point ($4, $5), as one row. */
export const READ_PAGE = `
  SELECT coalesce(jsonb_agg(jsonb_build_object('source', source, 'id', id, 'payload', payload) ORDER BY source, id), '[]') AS points,
         coalesce(string_agg(embedding, '' ORDER BY source, id), '') AS vectors
  FROM (SELECT source, id, payload, embedding FROM vectors
        WHERE collection = $1 AND tenant_id = $2 AND source = ANY ($3::text[]) AND (source, id) > ($4, $5)
        ORDER BY source, id LIMIT $6) page`;
