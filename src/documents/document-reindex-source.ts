import { Injectable } from '@nestjs/common';
import { TextEmbedders } from '../engines/embeddings/text-embedders.js';
import type { TenantScope } from '../kernel/tenant-scope.js';
import type { ReindexSample, ReindexSource } from '../reindex/reindex-source.js';
import type { ReindexItem, StoredItems } from '../reindex/stored-items.js';
import type { VectorPoint } from '../vectors/vector-store.js';
import { embeddingText } from './document-chunker.js';
import { DOCUMENTS, DocumentIndex, pointsOf } from './document-index.js';
import { DocumentReindexRepository } from './document-reindex.repository.js';

/** Documents as a re-index sees them: no file is read, no text extracted. */
@Injectable()
export class DocumentReindexSource implements ReindexSource {
  readonly alias = DOCUMENTS;
  /** A document has passages enough to keep a model busy. */
  readonly atOnce = 1;

  constructor(
    readonly models: TextEmbedders,
    private readonly index: DocumentIndex,
    private readonly documents: DocumentReindexRepository,
  ) {}

  get items(): StoredItems {
    return this.documents.items;
  }

  async embed(item: ReindexItem, model: string, signal: AbortSignal): Promise<VectorPoint[]> {
    const document = await this.documents.read({ tenantId: item.tenantId }, item);
    if (!document) return [];
    const vectors = await this.index.embed([model], document, { signal });
    return pointsOf(document.chunks, document.facts, vectors.get(model) ?? []);
  }

  async samples(scope: TenantScope | null, limit: number): Promise<ReindexSample[]> {
    const sampled = await this.documents.samples(scope, limit);
    return sampled.map(({ tenantId, source, title, ...chunk }) => ({
      tenantId,
      source,
      embed: async (model, signal) => {
        const [vector] = await this.models
          .of(model)
          .embed([embeddingText(chunk, title ?? undefined)], { signal });
        return vector;
      },
    }));
  }
}
