import { Injectable } from '@nestjs/common';
import type { TenantScope } from '../kernel/tenant-scope.js';
import { TaskControlService } from '../tasks/task-control.service.js';
import { DuplicatesRepository } from './duplicates.repository.js';
import { ImageIndex } from './image-index.js';
import { toImageView } from './image-views.js';
import { MAIN_IMAGE } from './images.contract.js';
import { ImagesRepository, type ImageFilter, type ImageRow } from './images.repository.js';
import { missingImage } from './images.service.js';

/** What callers can see of images. */
@Injectable()
export class ImageReadsService {
  constructor(
    private readonly images: ImagesRepository,
    private readonly duplicates: DuplicatesRepository,
    private readonly index: ImageIndex,
    private readonly control: TaskControlService,
  ) {}

  /** @returns views with the key that the next page begins after */
  async list(
    scope: TenantScope,
    filter: ImageFilter,
    limit: number,
    after?: { created_at: string; id: string },
  ) {
    const rows = await this.images.list(scope, filter, limit, after);
    const ids = rows.map(({ id }) => id);
    const tasks = rows.map(({ taskId }) => taskId);
    const [statuses, near, models] = await Promise.all([
      this.control.statuses(scope, tasks),
      this.duplicates.near(scope, ids),
      this.index.models(scope, ids),
    ]);
    return rows.map((row) => ({
      key: { created_at: row.createdAt.toISOString(), id: row.id },
      view: toImageView(row, {
        status: statuses.get(row.taskId),
        model: models.get(row.id),
        near: near.get(row.id),
      }),
    }));
  }

  /**
   * The row of an image.
   * @param imageId the product's `main` image without it, or its newest when there is none
   * @throws Fault `image.not_found`
   */
  async find(scope: TenantScope, productId: string, imageId?: string): Promise<ImageRow> {
    const named = await this.images.find(scope, { product_id: productId, image_id: imageId ?? MAIN_IMAGE });
    if (named) return named;
    const [newest] = imageId === undefined ? await this.images.list(scope, { productId }, 1) : [];
    if (!newest) throw missingImage(productId, imageId);
    return newest;
  }
}
