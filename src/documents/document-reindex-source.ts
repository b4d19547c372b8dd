import { Injectable } from '@nestjs/common';
import type { Tx } from '../database/transaction.js';
import { TextEmbedders } from '../engines/embeddings/text-embedders.js';
import type { TenantScope } from '../kernel/tenant-scope.js';
import type { ReindexCursor, ReindexItem, ReindexSample, ReindexSource } from '../reindex/reindex-source.js';
import type { Tally } from '../vectors/tally.js';
import type { VectorPoint } from '../vectors/vector-store.js';
import { embeddingText } from './document-chunker.js';
import { DOCUMENTS, DocumentIndex, pointsOf } from './document-index.js';
import { DocumentReindexRepository } from './document-reindex.repository.js';

/** Documents as a re-index sees them: no file is read, no text extracted. */
@Injectable()
export class DocumentReindexSource implements ReindexSource {
  readonly alias = DOCUMENTS;

  constructor(
    readonly models: TextEmbedders,
    private readonly index: DocumentIndex,
    private readonly documents: DocumentReindexRepository,
  ) {}

  count(scope: TenantScope | null): Promise<number> {
    return this.documents.count(scope);
  }

  page(scope: TenantScope | null, after: ReindexCursor | null, limit: number): Promise<ReindexItem[]> {
    return this.documents.page(scope, after, limit);
  }

  async embed(item: ReindexItem, model: string, signal: AbortSignal): Promise<VectorPoint[]> {
    const document = await this.documents.read({ tenantId: item.tenantId }, item);
    if (!document) return [];
    const vectors = await this.index.embed([model], document, { signal });
    return pointsOf(document.chunks, document.facts, vectors.get(model) ?? []);
  }

  async hold(tx: Tx, items: readonly ReindexItem[]): Promise<ReindexItem[]> {
    const held = new Set((await this.documents.hold(tx, items)).map(keyOf));
    return items.filter((item) => held.has(keyOf(item)));
  }

  tally(tx: Tx): Promise<Tally> {
    return this.documents.tally(tx);
  }

  async samples(scope: TenantScope | null, limit: number): Promise<ReindexSample[]> {
    const sampled = await this.documents.samples(scope, limit);
    return sampled.map(({ tenantId, title, ...chunk }) => ({
      tenantId,
      embed: async (model, signal) => {
        const [vector] = await this.models
          .of(model)
          .embed([embeddingText(chunk, title ?? undefined)], { signal });
        return vector;
      },
    }));
  }
}

function keyOf({ tenantId, id, generation }: ReindexItem): string {
  return JSON.stringify([tenantId, id, generation]);
}
