import { Injectable } from '@nestjs/common';
import type { Tx } from '../database/transaction.js';
import { TextEmbedder } from '../engines/embeddings/text-embedder.js';
import type { Json } from '../kernel/json.js';
import type { TenantScope } from '../kernel/tenant-scope.js';
import { VectorStore, type VectorHit } from '../vectors/vector-store.js';
import type { Chunk } from './document-chunker.js';
import type { DocumentPayload, SearchDocuments } from './documents.contract.js';

interface IndexedDocument {
  collection: string;
  payload: DocumentPayload;
  contentType: string;
  generation: string;
  chunks: readonly Chunk[];
  vectors: readonly Float32Array[];
}

/** Metadata of the client's goes into the vectors' payload under names that cannot meet ours. */
const METADATA = 'metadata.';

/** Passages that a search by vector puts up for the second look. */
const CANDIDATES = 50;

/** The documents' side of the vector store. */
@Injectable()
export class DocumentIndex {
  private ensured: Promise<string> | null = null;

  constructor(
    private readonly vectors: VectorStore,
    private readonly embedder: TextEmbedder,
  ) {}

  /** The collection of the model in use. */
  collection(): Promise<string> {
    const { model, dimension } = this.embedder;
    this.ensured ??= this.vectors
      .ensureCollection({ alias: 'documents', model, dimension })
      .catch((error: unknown) => {
        this.ensured = null;
        throw error;
      });
    return this.ensured;
  }

  replace(tx: Tx, { tenantId }: TenantScope, document: IndexedDocument): Promise<void> {
    const { collection, payload, contentType, generation, chunks, vectors } = document;
    const shared = {
      user_id: payload.user_id ?? null,
      content_type: contentType,
      ...prefixed(payload.metadata),
    };
    const points = chunks.map(({ ordinal }, at) => ({
      id: String(ordinal),
      vector: vectors[at],
      payload: { ordinal, ...shared },
    }));
    return this.vectors.replace(tx, {
      collection,
      tenantId,
      source: payload.document_id,
      generation,
      points,
    });
  }

  async delete(tx: Tx, { tenantId }: TenantScope, documentId: string): Promise<void> {
    await this.vectors.delete(tx, { collection: await this.collection(), tenantId, source: documentId });
  }

  /** @returns the passages that are worth a second look, at least as many as were asked for */
  async search(scope: TenantScope, { query, limit, filter }: SearchDocuments): Promise<VectorHit[]> {
    const [vector] = await this.embedder.embed([query]);
    const { document_id, user_id, content_type, metadata } = filter;
    const payload: Record<string, Json> = { ...prefixed(metadata) };
    if (user_id !== undefined) payload.user_id = user_id;
    if (content_type !== undefined) payload.content_type = content_type;
    return this.vectors.search(scope, {
      collection: await this.collection(),
      vector: vector,
      limit: Math.max(limit, CANDIDATES),
      filter: { source: document_id, payload },
    });
  }
}

function prefixed(metadata: Record<string, Json> = {}): Record<string, Json> {
  return Object.fromEntries(Object.entries(metadata).map(([key, value]) => [METADATA + key, value]));
}
