import { Injectable } from '@nestjs/common';
import type { Tx } from '../database/transaction.js';
import type { TextEmbedder } from '../engines/embeddings/text-embedder.js';
import { TextEmbedders } from '../engines/embeddings/text-embedders.js';
import type { Json } from '../kernel/json.js';
import type { TenantScope } from '../kernel/tenant-scope.js';
import { AliasVectors, type WritePlan } from '../vectors/alias-vectors.js';
import { VectorStore, type VectorHit, type VectorPoint } from '../vectors/vector-store.js';
import { embeddingText, type Chunk } from './document-chunker.js';
import type { SearchDocuments } from './documents.contract.js';

/** The purpose of its collections. */
export const DOCUMENTS = 'documents';

/** What a passage's vector says beside its place: what filters ask for. */
export interface IndexedFacts {
  userId: string | null;
  contentType: string | null;
  language: string | null;
  metadata: Record<string, Json>;
}

export type IndexedChunk = Pick<Chunk, 'ordinal' | 'heading' | 'text'>;

interface IndexedDocument {
  documentId: string;
  facts: IndexedFacts;
  generation: string;
  chunks: readonly IndexedChunk[];
}

export interface EmbedOptions {
  signal: AbortSignal;
  /** @param done of all that there are to embed, whatever the number of models */
  onProgress?: (done: number, total: number) => void;
}

/** By model: one vector per chunk, in order. */
export type ChunkVectors = ReadonlyMap<string, readonly Float32Array[]>;

/** Metadata of the client's goes into the vectors' payload under names that cannot meet ours. */
const METADATA = 'metadata.';

/** Passages that a search by vector puts up for the second look. */
const CANDIDATES = 50;
/** Chunks that go to the embedder together: often enough for progress and a prompt stop. */
const EMBED_BATCH = 32;

/** The documents' side of the vector store. */
@Injectable()
export class DocumentIndex {
  constructor(
    private readonly vectors: VectorStore,
    private readonly aliases: AliasVectors,
    private readonly embedders: TextEmbedders,
  ) {}

  /** What a document that is stored now needs vectors for. @throws Fault `embedding.model_missing`, `vectors.unavailable` */
  plan(): Promise<WritePlan> {
    return this.aliases.plan(DOCUMENTS, this.embedders);
  }

  /** @throws as the embedder does */
  async embed(
    models: readonly string[],
    { chunks, title }: { chunks: readonly IndexedChunk[]; title: string | null },
    { signal, onProgress }: EmbedOptions,
  ): Promise<ChunkVectors> {
    const texts = chunks.map((chunk) => embeddingText(chunk, title ?? undefined));
    const distinct = [...new Set(models)];
    const found = new Map<string, Float32Array[]>();
    let done = 0;
    for (const model of distinct) {
      const vectors: Float32Array[] = [];
      for (let at = 0; at < texts.length; at += EMBED_BATCH) {
        const batch = texts.slice(at, at + EMBED_BATCH);
        vectors.push(...(await this.embedders.of(model).embed(batch, { signal })));
        done += batch.length;
        onProgress?.(Math.floor(done / distinct.length), texts.length);
      }
      found.set(model, vectors);
    }
    return found;
  }

  /** @returns `false` when another collection serves by now: plan, embed and come again */
  replace(
    tx: Tx,
    { tenantId }: TenantScope,
    plan: WritePlan,
    document: IndexedDocument & { vectors: ChunkVectors },
  ): Promise<boolean> {
    const { documentId, generation, facts, chunks, vectors } = document;
    const points = new Map(
      plan.targets.map(({ name, model }) => [name, pointsOf(chunks, facts, vectors.get(model) ?? [])]),
    );
    const key = { alias: DOCUMENTS, tenantId, source: documentId, generation };
    return this.aliases.replace(tx, key, plan, points);
  }

  delete(tx: Tx, { tenantId }: TenantScope, documentId: string): Promise<void> {
    return this.aliases.delete(tx, { alias: DOCUMENTS, tenantId, source: documentId });
  }

  /**
   * The passages that are worth a second look, at least as many as were asked for, and the embedder that can take it:
   * the one whose vectors serve.
   * @throws Fault `embedding.model_missing`, `vectors.unavailable`
   */
  async search(
    scope: TenantScope,
    { query, limit, filter }: SearchDocuments,
  ): Promise<{ hits: VectorHit[]; embedder: TextEmbedder }> {
    const serving = await this.aliases.serving(DOCUMENTS, this.embedders);
    const embedder = this.embedders.of(serving.model);
    const [vector] = await embedder.embed([query]);
    const { document_id, user_id, content_type, language, metadata } = filter;
    const asked = { user_id, content_type, language };
    const payload: Record<string, Json> = { ...prefixed(metadata) };
    for (const [field, value] of Object.entries(asked)) if (value !== undefined) payload[field] = value;
    const hits = await this.vectors.search(scope, {
      collection: serving.name,
      vector,
      limit: Math.max(limit, CANDIDATES),
      filter: { source: document_id, payload },
    });
    return { hits, embedder };
  }
}

/** One point per chunk, named by its ordinal. */
export function pointsOf(
  chunks: readonly Pick<Chunk, 'ordinal'>[],
  { userId, contentType, language, metadata }: IndexedFacts,
  vectors: readonly Float32Array[],
): VectorPoint[] {
  const shared = { user_id: userId, content_type: contentType, language, ...prefixed(metadata) };
  return chunks.map(({ ordinal }, at) => ({
    id: String(ordinal),
    vector: vectors[at],
    payload: { ordinal, ...shared },
  }));
}

function prefixed(metadata: Record<string, Json> = {}): Record<string, Json> {
  return Object.fromEntries(Object.entries(metadata).map(([key, value]) => [METADATA + key, value]));
}
