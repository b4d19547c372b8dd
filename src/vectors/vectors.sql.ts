/** Keeps two processes with different models from both becoming the first of an alias. Waits for writers only. */
export const LOCK_COLLECTIONS = `LOCK TABLE vector_collections IN SHARE ROW EXCLUSIVE MODE`;

export const INSERT_COLLECTION = `
  INSERT INTO vector_collections (name, alias, model, dimension, state)
  SELECT $1, $2, $3, $4,
         CASE WHEN EXISTS (SELECT FROM vector_collections WHERE alias = $2 AND state = 'serving')
              THEN 'filling' ELSE 'serving' END
  ON CONFLICT (name) DO NOTHING`;

export const FIND_COLLECTION = `SELECT dimension FROM vector_collections WHERE name = $1`;

/** Comes first in every write: its row lock makes writers of one source take turns. */
export const WRITE_SOURCE = `
  INSERT INTO vector_sources (collection, tenant_id, source, generation, points, changed_by)
  VALUES ($1, $2, $3, $4, $5, pg_current_xact_id()::text::bigint)
  ON CONFLICT (collection, tenant_id, source) DO UPDATE
  SET generation = EXCLUDED.generation, points = EXCLUDED.points, changed_by = EXCLUDED.changed_by`;

/** The row of a deleted source stays, so that caches learn of it. */
export const CLEAR_SOURCE = `
  UPDATE vector_sources SET generation = NULL, points = 0, changed_by = pg_current_xact_id()::text::bigint
  WHERE collection = $1 AND tenant_id = $2 AND source = $3`;

export const DELETE_VECTORS = `DELETE FROM vectors WHERE collection = $1 AND tenant_id = $2 AND source = $3`;

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
