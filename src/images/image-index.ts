import { Injectable } from '@nestjs/common';
import type { Tx } from '../database/transaction.js';
import { ImageEmbedder } from '../engines/embeddings/image-embedder.js';
import { Fault } from '../kernel/fault.js';
import type { Json } from '../kernel/json.js';
import type { TenantScope } from '../kernel/tenant-scope.js';
import { AliasVectors, type Models, type WritePlan } from '../vectors/alias-vectors.js';
import { VectorStore } from '../vectors/vector-store.js';
import type { ImagePayload } from './images.contract.js';

/** The purpose of its collections. */
export const IMAGES = 'images';

interface IndexedVector {
  image: string;
  payload: ImagePayload;
  colours: readonly string[];
  generation: string;
  vector: Float32Array;
}

interface VisualQuery {
  vector: Float32Array;
  /** The one that serves without it. */
  collection?: string;
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
    private readonly aliases: AliasVectors,
    private readonly embedder: ImageEmbedder,
  ) {}

  /** What an image that is stored now needs a vector for. @throws Fault `vectors.unavailable` */
  plan(): Promise<WritePlan> {
    return this.aliases.plan(IMAGES, this.models);
  }

  /** @returns `false` when another collection serves by now: plan and come again */
  replace(tx: Tx, { tenantId }: TenantScope, plan: WritePlan, indexed: IndexedVector): Promise<boolean> {
    const { image, payload, colours, generation, vector } = indexed;
    const { product_id, image_id, user_id, name, tags, metadata } = payload;
    const said = { product_id, image_id, user_id: user_id ?? null, name: name ?? null, tags: tags ?? [] };
    const point = { id: ONLY, vector, payload: { ...said, colours: [...colours], ...prefixed(metadata) } };
    const points = new Map(plan.targets.map((target) => [target.name, [point]]));
    return this.aliases.replace(tx, { alias: IMAGES, tenantId, source: image, generation }, plan, points);
  }

  async delete(tx: Tx, { tenantId }: TenantScope, images: readonly string[]): Promise<void> {
    for (const source of images.toSorted())
      await this.aliases.delete(tx, { alias: IMAGES, tenantId, source });
  }

  /** The nearest images, best first. @throws Fault `embedding.model_missing` when another model's vectors serve */
  async search(scope: TenantScope, query: VisualQuery): Promise<FoundImage[]> {
    const { vector, limit, among, userId, metadata, collection = await this.serving() } = query;
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

  private async serving(): Promise<string> {
    const { name, model } = await this.aliases.serving(IMAGES, this.models);
    if (this.models.has(model)) return name;
    const detail = `The vectors in use were made by ${model}, which is not configured here: configure it again`;
    throw new Fault('embedding.model_missing', detail);
  }

  private get models(): Models {
    const { embedder } = this;
    return { current: embedder, has: (model) => model === embedder.model };
  }
}

function prefixed(metadata: Record<string, Json> = {}): Record<string, Json> {
  return Object.fromEntries(Object.entries(metadata).map(([key, value]) => [METADATA + key, value]));
}
