import { Injectable } from '@nestjs/common';
import type { TenantScope } from '../kernel/tenant-scope.js';
import type { AlikeImage } from './duplicates.repository.js';
import { MOST_BITS } from './hash-quarters.js';
import { ImageIndex, type PlannedVectors } from './image-index.js';
import { ImagesRepository } from './images.repository.js';

/** Pictures with little in them have hashes in common with many. */
const MOST_CANDIDATES = 200;
const MOST_PAIRS = 50;
/** Cosine from which two pictures with near hashes count as the same; `npm run score:images -- --duplicates` measures it. */
export const SAME = 0.85;

interface Looked {
  id: string;
  hash: string;
  vectors: PlannedVectors;
}

/** Finds images that show the same picture: the hash says which may, the vectors say which do. */
@Injectable()
export class NearDuplicates {
  constructor(
    private readonly images: ImagesRepository,
    private readonly index: ImageIndex,
  ) {}

  /** The most alike first. */
  async find(scope: TenantScope, { id, hash, vectors }: Looked): Promise<AlikeImage[]> {
    const candidates = await this.images.alike(scope, {
      id,
      hash,
      distance: MOST_BITS,
      limit: MOST_CANDIDATES,
    });
    const distances = new Map(candidates.map((candidate) => [candidate.id, candidate.distance]));
    const among = [...distances.keys()];
    const found = await this.index.search(scope, { ...comparable(vectors), limit: MOST_CANDIDATES, among });
    return found
      .filter(({ score }) => score >= SAME)
      .slice(0, MOST_PAIRS)
      .map(({ id: other, score }) => ({ id: other, similarity: score, distance: distances.get(other) ?? 0 }));
  }
}

/** The collection that serves, if its model is at hand: all images are in that one. */
function comparable({ plan, byModel }: PlannedVectors): { collection: string; vector: Float32Array } {
  const target = plan.targets.find(({ state }) => state === 'serving') ?? plan.targets[0];
  return { collection: target.name, vector: byModel.get(target.model) ?? new Float32Array() };
}
