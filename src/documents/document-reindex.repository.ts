import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Json } from '../kernel/json.js';
import type { TenantScope } from '../kernel/tenant-scope.js';
import { StoredItems, type ReindexItem } from '../reindex/stored-items.js';

const IS_DUE = 't.generation IS NOT NULL';

/** Documents from here and there, and of each the passage in its middle. */
const SAMPLES = `
  SELECT d.tenant_id AS "tenantId", d.document_id AS source, d.title, c.heading, c.text
  FROM (
    SELECT t.tenant_id, t.document_id, t.title, t.chunks FROM documents t
    WHERE ${IS_DUE} AND ($1::text IS NULL OR t.tenant_id = $1) AND t.chunks > 0
    ORDER BY hashtext(t.document_id) LIMIT $2
  ) d
  JOIN document_chunks c ON c.tenant_id = d.tenant_id AND c.document_id = d.document_id AND c.ordinal = d.chunks / 2`;

export interface SampledChunk {
  tenantId: string;
  source: string;
  title: string | null;
  heading: string | null;
  text: string;
}

/** What is stored of documents, for their vectors to be made anew. `null` as a scope: of every tenant. */
@Injectable()
export class DocumentReindexRepository {
  readonly items: StoredItems;

  constructor(private readonly database: Database) {
    this.items = new StoredItems(database, {
      table: 'documents',
      id: 'document_id',
      type: 'text',
      isDue: IS_DUE,
      points: 't.chunks',
    });
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
