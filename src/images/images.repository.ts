import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Tx } from '../database/transaction.js';
import type { Picture } from '../engines/pictures/picture.js';
import { newId } from '../kernel/ids.js';
import type { Json } from '../kernel/json.js';
import type { TenantScope } from '../kernel/tenant-scope.js';
import { nameOf } from './duplicates.contract.js';
import type { Exif, ImagePayload } from './images.contract.js';
import { nearHashes } from './hash-quarters.js';
import {
  ALIKE,
  DELETE_IMAGES,
  ERASE_IMAGES,
  FIND_WORDS,
  FINISH,
  FORGET_DECISIONS,
  LOCK_IMAGE,
  REGISTER,
  SAVE,
  UPLOADS_IN_USE,
} from './images.sql.js';

/** An image by the names that its client gave it. */
export type ImageName = Pick<ImagePayload, 'product_id' | 'image_id'>;

/** A submission: what was asked for, by which task. */
export interface Submission {
  payload: ImagePayload;
  taskId: string;
}

export interface LockedImage {
  id: string;
  sha256: string | null;
  thumbnailKey: string | null;
  isDiscarded: boolean;
}

export interface IndexedImage {
  picture: Omit<Picture, 'thumbnail' | 'embedderInput' | 'exif'>;
  exif: Exif;
  sha256: string;
  model: string;
  thumbnailKey: string;
  generation: string;
}

export interface WordFilter {
  productIds?: readonly string[];
  userId?: string;
  metadata?: Record<string, Json>;
}

export interface ImageFilter {
  userId?: string;
  productId?: string;
  imageId?: string;
  contentType?: string;
  tag?: string;
}

/** Where an image stands among a tenant's, the oldest first. */
export interface ImagePlace {
  created_at: string;
  id: string;
}

/** An image that was removed, and what of the storage it referred to. */
export interface GoneImage {
  place: ImagePlace;
  keys: string[];
}

interface GoneRow {
  id: string;
  created_at: Date;
  image_path: string;
  thumbnail_key: string | null;
}

interface RegisteredRow {
  product_id: string;
  image_id: string;
  submission: number;
}

@Injectable()
export class ImagesRepository {
  constructor(private readonly database: Database) {}

  /** @returns the number of each submission, in order; the highest one of an image wins: of two in one call the later one */
  async register(tx: Tx, { tenantId }: TenantScope, submissions: readonly Submission[]): Promise<number[]> {
    const wanted = new Map<string, ReturnType<typeof toRow>>();
    for (const submission of submissions) {
      const name = nameOf(submission.payload);
      wanted.set(name, { ...toRow(submission), times: (wanted.get(name)?.times ?? 0) + 1 });
    }
    const rows = JSON.stringify([...wanted.values()]);
    const registered = await this.database.queryIn<RegisteredRow>(tx, REGISTER, tenantId, rows);
    const next = new Map(
      registered.map((row) => [nameOf(row), row.submission - (wanted.get(nameOf(row))?.times ?? 1)]),
    );
    return submissions.map(({ payload }) => {
      const number = (next.get(nameOf(payload)) ?? 0) + 1;
      next.set(nameOf(payload), number);
      return number;
    });
  }

  /** @returns nothing when a newer submission exists or the image was deleted */
  async lockNewest(
    tx: Tx,
    { tenantId }: TenantScope,
    { product_id, image_id }: ImageName,
    submission: number,
  ): Promise<LockedImage | null> {
    const [row] = await this.database.queryIn<{
      id: string;
      submission: number;
      sha256: string | null;
      thumbnail_key: string | null;
      discarded_at: Date | null;
    }>(tx, LOCK_IMAGE, tenantId, product_id, image_id);
    if (row?.submission !== submission) return null;
    const { id, sha256, thumbnail_key, discarded_at } = row;
    return { id, sha256, thumbnailKey: thumbnail_key, isDiscarded: discarded_at !== null };
  }

  /** Replaces what was known of a locked image; what was decided about another picture is forgotten. */
  async save(tx: Tx, image: LockedImage, indexed: IndexedImage): Promise<void> {
    const { picture, exif, sha256, model, thumbnailKey, generation } = indexed;
    if (image.sha256 !== null && image.sha256 !== sha256)
      await this.database.executeIn(tx, FORGET_DECISIONS, image.id);
    const { contentType, sizeBytes, width, height, frames, hasAlpha, perceptualHash, colours } = picture;
    const facts = [contentType, sizeBytes, width, height, frames, hasAlpha, sha256, perceptualHash, colours];
    const rest = [model, picture.takenAt ?? null, JSON.stringify(exif), thumbnailKey, generation];
    await this.database.executeIn(tx, SAVE, image.id, ...facts, ...rest);
  }

  /** Says that a run left all that it had to: the same recipe again changes nothing. */
  async finish(tx: Tx, id: string, recipe: string): Promise<void> {
    await this.database.executeIn(tx, FINISH, id, recipe);
  }

  /**
   * Images that look alike by their hashes, the nearest first; those that were discarded are left out.
   * @param distance bits, 7 at most: beyond that the index misses some
   */
  alike(
    { tenantId }: TenantScope,
    { id, hash, distance, limit }: { id: string; hash: string; distance: number; limit: number },
  ): Promise<Array<{ id: string; distance: number }>> {
    return this.database.query(ALIKE, tenantId, hash, distance, ...nearHashes(hash), id, limit);
  }

  /** @param words a tsquery of the configuration `simple` */
  findWords({ tenantId }: TenantScope, words: string, limit: number, filter: WordFilter) {
    const { productIds, userId, metadata } = filter;
    const members = metadata && JSON.stringify(metadata);
    const values = [productIds ?? null, userId ?? null, members ?? null];
    return this.database.query<{ id: string; score: number }>(FIND_WORDS, tenantId, words, limit, ...values);
  }

  find({ tenantId }: TenantScope, { product_id, image_id }: ImageName) {
    return this.database.client.image.findFirst({
      where: { tenantId, productId: product_id, imageId: image_id },
    });
  }

  /** Newest first. */
  list(
    { tenantId }: TenantScope,
    filter: ImageFilter,
    limit: number,
    after?: { created_at: string; id: string },
  ) {
    const older = after && [
      { createdAt: { lt: after.created_at } },
      { createdAt: after.created_at, id: { lt: after.id } },
    ];
    const { tag, ...named } = filter;
    return this.database.client.image.findMany({
      where: {
        tenantId,
        ...named,
        ...(tag === undefined ? {} : { tags: { has: tag } }),
        ...(older && { OR: older }),
      },
      orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
      take: limit,
    });
  }

  byIds({ tenantId }: TenantScope, ids: readonly string[]) {
    return this.database.client.image.findMany({ where: { tenantId, id: { in: [...ids] } } });
  }

  /** Ids of all images of these products. */
  async idsOf({ tenantId }: TenantScope, productIds: readonly string[]): Promise<string[]> {
    const where = { tenantId, productId: { in: [...productIds] } };
    const rows = await this.database.client.image.findMany({ where, select: { id: true } });
    return rows.map(({ id }) => id);
  }

  /** Removes one image of a product, or all of them. @returns what they were, and which uploads they referred to */
  async delete(tx: Tx, { tenantId }: TenantScope, productId: string, imageId?: string): Promise<GoneImage[]> {
    const values = [tenantId, productId, imageId ?? null];
    return (await this.database.queryIn<GoneRow>(tx, DELETE_IMAGES, ...values)).map(toGone);
  }

  count({ tenantId }: TenantScope, { userId }: { userId?: string }): Promise<number> {
    return this.database.client.image.count({ where: { tenantId, userId } });
  }

  /**
   * Removes the next images, the oldest first.
   * @param choice of whom; not submitted after `until`; behind the place `after`
   */
  async erase(
    tx: Tx,
    { tenantId }: TenantScope,
    choice: { userId?: string; until: Date; after: ImagePlace | null; limit: number },
  ): Promise<GoneImage[]> {
    const { userId, until, after, limit } = choice;
    const values = [tenantId, userId ?? null, until, after?.created_at ?? null, after?.id ?? null, limit];
    return (await this.database.queryIn<GoneRow>(tx, ERASE_IMAGES, ...values)).map(toGone);
  }

  /** Those of the keys that any image refers to, whoever's. */
  async uploadsInUse(keys: readonly string[]): Promise<string[]> {
    const rows = await this.database.query<{ key: string }>(UPLOADS_IN_USE, [...keys]);
    return rows.map(({ key }) => key);
  }
}

export type ImageRow = NonNullable<Awaited<ReturnType<ImagesRepository['find']>>>;

function toGone({ id, created_at, image_path, thumbnail_key }: GoneRow): GoneImage {
  const keys = [image_path, ...(thumbnail_key === null ? [] : [thumbnail_key])];
  return { place: { created_at: created_at.toISOString(), id }, keys };
}

function toRow({ payload, taskId }: Submission) {
  const { product_id, image_id, user_id, name, description, tags = [], metadata = {}, image_path } = payload;
  const said = { product_id, image_id, user_id, name, description, tags, metadata, image_path };
  return { id: newId(), ...said, task_id: taskId, times: 0 };
}
