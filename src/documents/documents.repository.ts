import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Tx } from '../database/transaction.js';
import type { TenantScope } from '../kernel/tenant-scope.js';
import type { Chunk } from './document-chunker.js';
import type { DocumentPayload, DocumentResult } from './documents.contract.js';

/** A new row, or one more submission of an old one; the same task registers once. */
const REGISTER = `
INSERT INTO documents AS d
  (tenant_id, document_id, user_id, file_name, storage_key, source_url, declared_type, metadata, task_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8::jsonb, $9::uuid)
ON CONFLICT (tenant_id, document_id) DO UPDATE SET
  user_id = excluded.user_id, file_name = excluded.file_name,
  storage_key = excluded.storage_key, source_url = excluded.source_url,
  declared_type = excluded.declared_type, metadata = excluded.metadata, task_id = excluded.task_id,
  submission = d.submission + (d.task_id <> excluded.task_id)::int, updated_at = now()
RETURNING submission`;

/** What a run found. */
const SAVE = `
UPDATE documents SET content_type = $3, size_bytes = $4, sha256 = $5, title = $6, language = $7, pages = $8,
  characters = $9, chunks = $10, warnings = $11::jsonb, text = $12, generation = $13::uuid, recipe = $14,
  processed_at = now()
WHERE tenant_id = $1 AND document_id = $2`;

const DELETE_CHUNKS = `DELETE FROM document_chunks WHERE tenant_id = $1 AND document_id = $2`;

const INSERT_CHUNKS = `
INSERT INTO document_chunks (tenant_id, document_id, ordinal, page, start_offset, end_offset, heading, text)
SELECT $1, $2, c.ordinal, c.page, c.start, c."end", c.heading, c.text
FROM jsonb_to_recordset($3::jsonb) AS c(ordinal int, page int, start int, "end" int, heading text, text text)`;

const UPLOADS_IN_USE = `
SELECT DISTINCT storage_key AS key FROM documents
WHERE storage_key LIKE 'uploads/%' AND storage_key = ANY($1::text[])`;

const ERASE = `
WITH next AS MATERIALIZED (
  SELECT document_id FROM documents
  WHERE tenant_id = $1 AND ($2::text IS NULL OR user_id = $2) AND updated_at <= $3 AND document_id > coalesce($4, '')
  ORDER BY document_id LIMIT $5 FOR UPDATE
), gone AS (
  DELETE FROM documents d USING next WHERE d.tenant_id = $1 AND d.document_id = next.document_id
  RETURNING d.document_id, d.storage_key
)
SELECT document_id AS "documentId", storage_key AS "storageKey" FROM gone ORDER BY document_id`;

export interface ProcessedDocument {
  facts: DocumentResult;
  generation: string;
  /** `null` when another run of the same may leave more. */
  recipe: string | null;
  text: string;
  chunks: readonly Chunk[];
}

@Injectable()
export class DocumentsRepository {
  constructor(private readonly database: Database) {}

  /** @returns the number of this submission; the highest one of a document wins */
  async register(tx: Tx, scope: TenantScope, payload: DocumentPayload, taskId: string): Promise<number> {
    const { document_id, user_id, file_name, r2_key, source_url, content_type, metadata } = payload;
    const values = [
      document_id,
      user_id ?? null,
      file_name,
      r2_key ?? null,
      source_url ?? null,
      content_type ?? null,
      JSON.stringify(metadata ?? {}),
    ];
    const [row] = await this.database.queryIn<{ submission: number }>(
      tx,
      REGISTER,
      scope.tenantId,
      ...values,
      taskId,
    );
    return row?.submission ?? 1;
  }

  /** Locks the document's row. @returns false when a newer submission exists or the document was deleted */
  async isNewest(tx: Tx, scope: TenantScope, documentId: string, submission: number): Promise<boolean> {
    const [row] = await this.database.queryIn<{ submission: number }>(
      tx,
      'SELECT submission FROM documents WHERE tenant_id = $1 AND document_id = $2 FOR NO KEY UPDATE',
      scope.tenantId,
      documentId,
    );
    return row?.submission === submission;
  }

  /** Replaces text, chunks and facts. */
  async save(tx: Tx, { tenantId }: TenantScope, document: ProcessedDocument): Promise<void> {
    const { facts, generation, recipe, text, chunks } = document;
    const { document_id } = facts;
    await this.database.executeIn(tx, DELETE_CHUNKS, tenantId, document_id);
    await this.database.executeIn(tx, INSERT_CHUNKS, tenantId, document_id, JSON.stringify(chunks));
    const { content_type, size_bytes, sha256, title, language, pages, characters, warnings } = facts;
    const read = [content_type, size_bytes, sha256, title, language, pages, characters, facts.chunks];
    const rest = [JSON.stringify(warnings), text, generation, recipe];
    await this.database.executeIn(tx, SAVE, tenantId, document_id, ...read, ...rest);
  }

  /** Everything but the text. */
  find(scope: TenantScope, documentId: string) {
    return this.database.client.document.findFirst({
      where: { tenantId: scope.tenantId, documentId },
      omit: { text: true },
    });
  }

  async text(scope: TenantScope, documentId: string): Promise<string | null | undefined> {
    const where = { tenantId: scope.tenantId, documentId };
    const row = await this.database.client.document.findFirst({ where, select: { text: true } });
    return row === null ? undefined : row.text;
  }

  list(
    scope: TenantScope,
    filter: { userId?: string },
    limit: number,
    after?: { created_at: string; document_id: string },
  ) {
    const { tenantId } = scope;
    const older = after && [
      { createdAt: { lt: after.created_at } },
      { createdAt: after.created_at, documentId: { gt: after.document_id } },
    ];
    return this.database.client.document.findMany({
      where: { tenantId, userId: filter.userId, ...(older ? { OR: older } : {}) },
      orderBy: [{ createdAt: 'desc' }, { documentId: 'asc' }],
      take: limit,
      omit: { text: true },
    });
  }

  chunks(scope: TenantScope, documentId: string, limit: number, after = -1) {
    return this.database.client.documentChunk.findMany({
      where: { tenantId: scope.tenantId, documentId, ordinal: { gt: after } },
      orderBy: { ordinal: 'asc' },
      take: limit,
    });
  }

  chunksAt(scope: TenantScope, places: ReadonlyArray<{ documentId: string; ordinal: number }>) {
    return this.database.client.documentChunk.findMany({
      where: { tenantId: scope.tenantId, OR: [...places] },
    });
  }

  fileNames(scope: TenantScope, documentIds: readonly string[]) {
    return this.database.client.document.findMany({
      where: { tenantId: scope.tenantId, documentId: { in: [...documentIds] } },
      select: { documentId: true, fileName: true },
    });
  }

  /** @returns where the document lay, or nothing when there is no such document */
  async delete(
    tx: Tx,
    scope: TenantScope,
    documentId: string,
  ): Promise<{ storageKey: string | null } | undefined> {
    const [row] = await this.database.queryIn<{ storageKey: string | null }>(
      tx,
      'DELETE FROM documents WHERE tenant_id = $1 AND document_id = $2 RETURNING storage_key AS "storageKey"',
      scope.tenantId,
      documentId,
    );
    return row;
  }

  count(scope: TenantScope, { userId }: { userId?: string }): Promise<number> {
    return this.database.client.document.count({ where: { tenantId: scope.tenantId, userId } });
  }

  /**
   * Removes the next documents in the order of their ids.
   * @param choice of whom; not submitted after `until`; behind the id `after`
   */
  erase(
    tx: Tx,
    scope: TenantScope,
    { userId, until, after, limit }: { userId?: string; until: Date; after: string | null; limit: number },
  ): Promise<Array<{ documentId: string; storageKey: string | null }>> {
    return this.database.queryIn(tx, ERASE, scope.tenantId, userId ?? null, until, after, limit);
  }

  /** Whoever's: asked before an upload is removed. @returns those of the keys that a document refers to */
  async uploadsInUse(keys: readonly string[]): Promise<string[]> {
    const rows = await this.database.query<{ key: string }>(UPLOADS_IN_USE, keys);
    return rows.map(({ key }) => key);
  }
}

export type DocumentRow = NonNullable<Awaited<ReturnType<DocumentsRepository['find']>>>;
