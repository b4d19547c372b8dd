import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Tx } from '../database/transaction.js';
import type { Json } from '../kernel/json.js';
import type { TenantScope } from '../kernel/tenant-scope.js';
import type { ReindexCursor, ReindexItem } from '../reindex/reindex-source.js';
import { tallyColumns, type Tally } from '../vectors/tally.js';

const PROCESSED = `generation IS NOT NULL AND ($1::text IS NULL OR tenant_id = $1)`;

const COUNT = `SELECT count(*)::int AS documents FROM documents WHERE ${PROCESSED}`;

const PAGE = `
  SELECT tenant_id AS "tenantId", document_id AS id, generation::text AS generation
  FROM documents WHERE ${PROCESSED} AND (tenant_id, document_id) > ($2, $3)
  ORDER BY tenant_id, document_id LIMIT $4`;

/** In the order of their keys, as every writer of several locks them. */
const HOLD = `
  SELECT d.tenant_id AS "tenantId", d.document_id AS id, d.generation::text AS generation
  FROM documents d
  JOIN jsonb_to_recordset($1::jsonb) AS i ("tenantId" text, id text) ON d.tenant_id = i."tenantId" AND d.document_id = i.id
  ORDER BY d.tenant_id, d.document_id FOR NO KEY UPDATE OF d`;

const TALLY = `
  SELECT ${tallyColumns({ tenant: 'tenant_id', source: 'document_id', generation: 'generation::text', points: 'chunks' })}
  FROM documents WHERE generation IS NOT NULL`;

/** Documents from here and there, and of each the passage in its middle. */
const SAMPLES = `
  SELECT d.tenant_id AS "tenantId", d.title, c.heading, c.text
  FROM (
    SELECT tenant_id, document_id, title, chunks FROM documents
    WHERE ${PROCESSED} AND chunks > 0 ORDER BY hashtext(document_id) LIMIT $2
  ) d
  JOIN document_chunks c ON c.tenant_id = d.tenant_id AND c.document_id = d.document_id AND c.ordinal = d.chunks / 2`;

export interface SampledChunk {
  tenantId: string;
  title: string | null;
  heading: string | null;
  text: string;
}

/** What is stored of documents, for their vectors to be made anew. `null` as a scope: of every tenant. */
@Injectable()
export class DocumentReindexRepository {
  constructor(private readonly database: Database) {}

  async count(scope: TenantScope | null): Promise<number> {
    const [row] = await this.database.query<{ documents: number }>(COUNT, scope?.tenantId ?? null);
    return row?.documents ?? 0;
  }

  page(scope: TenantScope | null, after: ReindexCursor | null, limit: number): Promise<ReindexItem[]> {
    const from = after ?? { tenantId: '', id: '' };
    return this.database.query<ReindexItem>(PAGE, scope?.tenantId ?? null, from.tenantId, from.id, limit);
  }

  /** @returns those that are still there */
  hold(tx: Tx, items: readonly ReindexItem[]): Promise<ReindexItem[]> {
    const keys = items.map(({ tenantId, id }) => ({ tenantId, id }));
    return this.database.queryIn<ReindexItem>(tx, HOLD, JSON.stringify(keys));
  }

  async tally(tx: Tx): Promise<Tally> {
    const [row] = await this.database.queryIn<Tally>(tx, TALLY);
    return row ?? { sources: 0, points: 0, digest: '0' };
  }

  samples(scope: TenantScope | null, limit: number): Promise<SampledChunk[]> {
    return this.database.query<SampledChunk>(SAMPLES, scope?.tenantId ?? null, limit);
  }

  /** The passages and what filters ask for, of one generation; nothing when it was replaced. */
  async read({ tenantId }: TenantScope, { id, generation }: ReindexItem) {
    const [row] = await this.database.client.document.findMany({
      where: { tenantId, documentId: id, generation },
      select: { userId: true, contentType: true, language: true, metadata: true, title: true },
    });
    if (!row) return null;
    const chunks = await this.database.client.documentChunk.findMany({
      where: { tenantId, documentId: id },
      orderBy: { ordinal: 'asc' },
      select: { ordinal: true, heading: true, text: true },
    });
    const { title, metadata, ...facts } = row;
    return { title, chunks, facts: { ...facts, metadata: (metadata ?? {}) as Record<string, Json> } };
  }
}
