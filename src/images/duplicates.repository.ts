import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Tx } from '../database/transaction.js';
import type { TenantScope } from '../kernel/tenant-scope.js';
import {
  DECIDE,
  DISCARD,
  DROP_PAIRS,
  HOLD_IMAGES,
  LOCK_MEMBERS,
  NEAR,
  REACHED,
  ROOTS,
  SAVE_PAIRS,
} from './duplicates.sql.js';
import type { NearDuplicate } from './images.contract.js';

/** Another image that shows nearly the same. */
export interface AlikeImage {
  id: string;
  /** Bits in which the hashes differ. */
  distance: number;
  /** Cosine of the vectors. */
  similarity: number;
}

/** An image as part of what hangs together with `root`. */
export interface ReachedImage {
  root: string;
  id: string;
  product_id: string;
  image_id: string;
}

/** Pairs of images that look the same, and what was decided about them. */
@Injectable()
export class DuplicatesRepository {
  constructor(private readonly database: Database) {}

  /** Puts these in place of all pairs that the image had; what was decided about a pair stays decided. */
  async replacePairs(
    tx: Tx,
    { tenantId }: TenantScope,
    image: string,
    alike: readonly AlikeImage[],
  ): Promise<void> {
    await this.database.executeIn(tx, DROP_PAIRS, [image]);
    if (alike.length === 0) return;
    const others = alike.map(({ id }) => id);
    await this.database.queryIn(tx, HOLD_IMAGES, others);
    const pairs = alike.map(({ id, distance, similarity }) => ({ other: id, distance, similarity }));
    await this.database.executeIn(tx, SAVE_PAIRS, tenantId, image, JSON.stringify(pairs));
  }

  /** What looks like each of these images, decided or not, the nearest first. */
  async near({ tenantId }: TenantScope, images: readonly string[]): Promise<Map<string, NearDuplicate[]>> {
    type Row = NearDuplicate & { image: string };
    const rows = await this.database.query<Row>(NEAR, tenantId, [...images]);
    const near = new Map<string, NearDuplicate[]>(images.map((id) => [id, []]));
    for (const { image, ...other } of rows) near.get(image)?.push(other);
    return near;
  }

  /** Images that may be the oldest of an undecided group, in id order; {@link reached} tells which are. */
  async roots({ tenantId }: TenantScope, limit: number, after?: string): Promise<string[]> {
    const rows = await this.database.query<{ id: string }>(ROOTS, tenantId, after ?? null, limit);
    return rows.map(({ id }) => id);
  }

  /** All that hangs together with each of these images by undecided pairs, themselves included, in id order. */
  async reached(
    { tenantId }: TenantScope,
    images: readonly string[],
    tx?: Tx,
  ): Promise<Map<string, ReachedImage[]>> {
    const rows = await (tx
      ? this.database.queryIn<ReachedImage>(tx, REACHED, tenantId, [...images])
      : this.database.query<ReachedImage>(REACHED, tenantId, [...images]));
    const reached = new Map<string, ReachedImage[]>(images.map((id) => [id, []]));
    for (const row of rows) reached.get(row.root)?.push(row);
    return reached;
  }

  /** Nobody changes these images before the transaction ends. */
  async lock(tx: Tx, images: readonly string[]): Promise<void> {
    await this.database.queryIn(tx, LOCK_MEMBERS, [...images]);
  }

  /** Every pair of these images is decided, and some of them are discarded. */
  async decide(
    tx: Tx,
    { tenantId }: TenantScope,
    { images, discarded }: { images: readonly string[]; discarded: readonly string[] },
  ): Promise<void> {
    await this.database.executeIn(tx, DECIDE, tenantId, [...images]);
    if (discarded.length === 0) return;
    await this.database.executeIn(tx, DISCARD, [...discarded]);
    await this.database.executeIn(tx, DROP_PAIRS, [...discarded]);
  }
}
