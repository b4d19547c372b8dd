import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Json } from '../kernel/json.js';
import type { TenantScope } from '../kernel/tenant-scope.js';
import { StoredItems, type ReindexItem } from '../reindex/stored-items.js';

/** What was discarded has no vector. */
const IS_DUE = 't.generation IS NOT NULL AND t.discarded_at IS NULL';

/** Images from here and there. */
const SAMPLES = `
  SELECT t.tenant_id AS "tenantId", t.id::text AS source, t.thumbnail_key AS "thumbnailKey" FROM images t
  WHERE ${IS_DUE} AND ($1::text IS NULL OR t.tenant_id = $1) ORDER BY hashtext(t.id::text) LIMIT $2`;

export interface SampledImage {
  tenantId: string;
  source: string;
  thumbnailKey: string;
}

/** What is stored of images, for their vectors to be made anew. `null` as a scope: of every tenant. */
@Injectable()
export class ImageReindexRepository {
  readonly items: StoredItems;

  constructor(private readonly database: Database) {
    this.items = new StoredItems(database, {
      table: 'images',
      id: 'id',
      type: 'uuid',
      isDue: IS_DUE,
      points: '1',
    });
  }

  samples(scope: TenantScope | null, limit: number): Promise<SampledImage[]> {
    return this.database.query<SampledImage>(SAMPLES, scope?.tenantId ?? null, limit);
  }

  /** Where its thumbnail lies, and what filters ask for, of one generation; nothing when it was replaced. */
  async read({ tenantId }: TenantScope, { id, generation }: ReindexItem) {
    const row = await this.database.client.image.findFirst({ where: { id, tenantId, generation } });
    if (!row || row.thumbnailKey === null) return null;
    const { productId, imageId, userId, name, tags, metadata, colours, thumbnailKey } = row;
    const named = { product_id: productId, image_id: imageId, user_id: userId, name };
    return { thumbnailKey, colours, words: { ...named, tags, metadata: metadata as Record<string, Json> } };
  }
}
