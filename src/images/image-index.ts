import { Injectable } from '@nestjs/common';
import type { Tx } from '../database/transaction.js';
import type { ImageEmbedder, PictureInput } from '../engines/embeddings/image-embedder.js';
import { ImageEmbedders } from '../engines/embeddings/image-embedders.js';
import type { Json } from '../kernel/json.js';
import type { TenantScope } from '../kernel/tenant-scope.js';
import { AliasVectors, type WritePlan } from '../vectors/alias-vectors.js';
import { VectorCollections } from '../vectors/vector-collections.js';
import { VectorSources } from '../vectors/vector-sources.js';
import { VectorStore, type VectorPoint } from '../vectors/vector-store.js';

/** The purpose of its collections. */
export const IMAGES = 'images';

/** What a vector says beside its picture: what filters ask for. */
export interface IndexedWords {
  product_id: string;
  image_id: string;
  user_id?: string | null;
  name?: string | null;
  tags?: readonly string[];
  metadata?: Record<string, Json>;
}

/** What an image that is stored now needs: its vectors, by model, and where they go. */
export interface PlannedVectors {
  plan: WritePlan;
  byModel: ReadonlyMap<string, Float32Array>;
}

interface IndexedImage extends PlannedVectors {
  image: string;
  words: IndexedWords;
  colours: readonly string[];
  generation: string;
}

interface VisualQuery {
  collection: string;
  vector: Float32Array;
  limit: number;
  /** Ids of images to look among; all without it. */
  among?: readonly string[];
  userId?: string;
  metadata?: Record<string, Json>;
}

/** An image, and the cosine of its vector to the one that was asked for. */
export interface FoundImage {
  id: string;
  score: number;
}

/** Metadata of the client's goes into the vector's payload under names that cannot meet ours. */
const METADATA = 'metadata.';

/** An image has one vector. */
const ONLY = '0';

/** The images' side of the vector store. */
@Injectable()
export class ImageIndex {
  constructor(
    private readonly vectors: VectorStore,
    private readonly collections: VectorCollections,
    private readonly sources: VectorSources,
    private readonly aliases: AliasVectors,
    private readonly embedders: ImageEmbedders,
  ) {}

  /**
   * The vectors of an image that is stored now: of every model that search goes by, or will go by after a re-index.
   * @throws Fault `vectors.unavailable`, and those of the embedders
   */
  async look(picture: PictureInput, options: { signal: AbortSignal }): Promise<PlannedVectors> {
    const plan = await this.aliases.plan(IMAGES, this.embedders);
    const byModel = new Map<string, Float32Array>();
    for (const model of new Set(plan.targets.map((target) => target.model))) {
      const [vector] = await this.embedders.of(model).embed([picture], options);
      byModel.set(model, vector);
    }
    return { plan, byModel };
  }

  /** @returns `false` when another collection serves by now: look and come again */
  replace(tx: Tx, { tenantId }: TenantScope, indexed: IndexedImage): Promise<boolean> {
    const { image, generation, plan, byModel } = indexed;
    const points = new Map(
      plan.targets.map(({ name, model }) => [name, pointsOf(indexed, byModel.get(model))]),
    );
    return this.aliases.replace(tx, { alias: IMAGES, tenantId, source: image, generation }, plan, points);
  }

  async delete(tx: Tx, { tenantId }: TenantScope, images: readonly string[]): Promise<void> {
    for (const source of images.toSorted())
      await this.aliases.delete(tx, { alias: IMAGES, tenantId, source });
  }

  /**
   * Where searches look, and by which model.
   * @throws Fault `embedding.model_missing` when vectors serve whose model is not to be had here
   */
  async serving(): Promise<{ collection: string; embedder: ImageEmbedder }> {
    const { name, model } = await this.aliases.serving(IMAGES, this.embedders);
    return { collection: name, embedder: this.embedders.of(model) };
  }

  /** The nearest images, best first. */
  async search(scope: TenantScope, query: VisualQuery): Promise<FoundImage[]> {
    const { collection, vector, limit, among, userId, metadata } = query;
    if (among?.length === 0) return [];
    const payload = { ...prefixed(metadata), ...(userId === undefined ? {} : { user_id: userId }) };
    const hits = await this.vectors.search(scope, {
      collection,
      vector,
      limit,
      filter: { source: among, payload },
    });
    return hits.map(({ source, score }) => ({ id: source, score }));
  }

  /** By image: the model by whose vector searches find it; those that they do not find are left out. */
  async models(scope: TenantScope, images: readonly string[]): Promise<Map<string, string>> {
    const serving = (await this.collections.of(IMAGES)).find(({ state }) => state === 'serving');
    if (!serving || images.length === 0) return new Map();
    const found = await this.sources.generations(scope, serving.name, images);
    return new Map([...found.keys()].map((image) => [image, serving.model]));
  }
}

export function pointsOf(
  { words, colours }: Pick<IndexedImage, 'words' | 'colours'>,
  vector: Float32Array | undefined,
): VectorPoint[] {
  if (!vector) return [];
  const { product_id, image_id, user_id, name, tags, metadata } = words;
  const said = {
    product_id,
    image_id,
    user_id: user_id ?? null,
    name: name ?? null,
    tags: [...(tags ?? [])],
  };
  return [{ id: ONLY, vector, payload: { ...said, colours: [...colours], ...prefixed(metadata) } }];
}

function prefixed(metadata: Record<string, Json> = {}): Record<string, Json> {
  return Object.fromEntries(Object.entries(metadata).map(([key, value]) => [METADATA + key, value]));
}
