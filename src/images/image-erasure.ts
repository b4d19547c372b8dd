import { Injectable } from '@nestjs/common';
import type { Tx } from '../database/transaction.js';
import type { TenantScope } from '../kernel/tenant-scope.js';
import { Erasure, type Erase, type Erased, type ErasureChoice } from '../operations/erasure.js';
import { Uploads } from '../storage/uploads.js';
import { ImageIndex } from './image-index.js';
import { ImagesRepository, type ImagePlace } from './images.repository.js';

export const ERASE_IMAGES = 'images.erase';

/** Removes all images of a user, or of the tenant: rows, pairs and decisions, vectors, thumbnails, uploads. */
@Injectable()
export class ImageErasure extends Erasure {
  readonly name = ERASE_IMAGES;

  constructor(
    private readonly images: ImagesRepository,
    private readonly index: ImageIndex,
    uploads: Uploads,
  ) {
    super(uploads);
  }

  count(scope: TenantScope, { user_id }: Erase): Promise<number> {
    return this.images.count(scope, { userId: user_id });
  }

  protected async erase(tx: Tx, scope: TenantScope, choice: ErasureChoice): Promise<Erased[]> {
    const after = choice.after as ImagePlace | null;
    const gone = await this.images.erase(tx, scope, { ...choice, after });
    const ids = gone.map(({ place }) => place.id);
    await this.index.delete(tx, scope, ids);
    return gone.map(({ place, keys }) => ({ cursor: { ...place }, keys }));
  }
}
