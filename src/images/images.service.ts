import type { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { Fault } from '../kernel/fault.js';
import type { Json } from '../kernel/json.js';
import type { TenantScope } from '../kernel/tenant-scope.js';
import { SourcePolicy } from '../storage/source-policy.js';
import { Uploads, type StoredUpload } from '../storage/uploads.js';
import { ignoring } from '../telemetry/ignoring.js';
import { TasksService } from '../tasks/tasks.service.js';
import { ImageIndex } from './image-index.js';
import { imageSource } from './image-source.js';
import { IMAGE_UPLOADS } from './image-uploads.js';
import {
  MAIN_IMAGE,
  type EnqueueImage,
  type EnqueueImages,
  type ImagePayload,
  type ImageUploadFields,
} from './images.contract.js';
import { ImagesRepository } from './images.repository.js';
import { IndexImage } from './index-image.task.js';

/** How images get in and out. */
@Injectable()
export class ImagesService {
  constructor(
    private readonly database: Database,
    private readonly tasks: TasksService,
    private readonly images: ImagesRepository,
    private readonly index: ImageIndex,
    private readonly policy: SourcePolicy,
    private readonly uploads: Uploads,
  ) {}

  /**
   * Whether the source exists is the worker's check.
   * @throws Fault `path.forbidden` for a path that leaves its root, `bucket.forbidden`, `outbound.forbidden`
   */
  enqueue(scope: TenantScope, request: EnqueueImage, idempotencyKey?: string) {
    imageSource(this.policy, scope, request.image_path);
    return this.submit(scope, payloadOf(request, request.image_path), request, { idempotencyKey, request });
  }

  /** All or nothing; of two that name the same image the later one counts. @throws as {@link enqueue}, naming the member */
  enqueueBatch(scope: TenantScope, request: EnqueueImages, idempotencyKey?: string) {
    for (const [at, { image_path }] of request.tasks.entries())
      imageSource(this.policy, scope, image_path, `tasks.${at}.image_path`);
    const payloads = request.tasks.map((each) => payloadOf(each, each.image_path));
    const tasks = request.tasks.map((each, at) => taskOf(payloads[at], each));
    return this.tasks.submitBatch(
      scope,
      { tasks, callback_url: request.callback_url },
      {
        idempotencyKey,
        request,
        within: async (tx, ids) => {
          const submissions = payloads.map((payload, at) => ({ payload, taskId: ids[at] }));
          const numbers = await this.images.register(tx, scope, submissions);
          return numbers.map((submission) => ({ submission }));
        },
      },
    );
  }

  /** Stores what a form brings under a key of our own. */
  upload(scope: TenantScope) {
    return {
      write: ({ stream }: { stream: Readable }) => this.uploads.put(IMAGE_UPLOADS, scope, stream),
      discard: (stored: StoredUpload) => this.discard(stored),
    };
  }

  async indexUpload(
    scope: TenantScope,
    fields: ImageUploadFields,
    stored: StoredUpload,
    idempotencyKey?: string,
  ) {
    const request = { ...fields, sha256: stored.sha256 };
    const once = await this.submit(scope, payloadOf(fields, stored.key), fields, { idempotencyKey, request });
    if (once.replayed || once.answer.deduplicated)
      await ignoring(this.discard(stored), 'the first upload under this key is the one that counts');
    return once;
  }

  /** Removes one image of a product, or all of them, with thumbnails, vectors and uploaded files. */
  async delete(scope: TenantScope, productId: string, imageId?: string): Promise<void> {
    const deleted = await this.database.transaction(async (tx) => {
      const images = await this.images.delete(tx, scope, productId, imageId);
      const ids = images.map(({ place }) => place.id);
      await this.index.delete(tx, scope, ids);
      return images;
    });
    if (deleted.length === 0) throw missingImage(productId, imageId);
    await this.uploads.release(deleted.flatMap(({ keys }) => keys));
  }

  private async discard({ key }: StoredUpload): Promise<void> {
    await this.uploads.release([key]);
  }

  /** The image's row and its task commit together; the row says which submission is the newest. */
  private submit(
    scope: TenantScope,
    payload: ImagePayload,
    fields: ImageUploadFields | EnqueueImage,
    options: { idempotencyKey?: string; request: unknown },
  ) {
    return this.tasks.submit(scope, taskOf(payload, fields), {
      ...options,
      within: async (tx, taskId) => {
        const [submission] = await this.images.register(tx, scope, [{ payload, taskId }]);
        return { submission };
      },
    });
  }
}

export function missingImage(productId: string, imageId?: string): Fault {
  const which = imageId === undefined ? '' : ` ${imageId}`;
  return new Fault('image.not_found', `There is no image${which} of the product ${productId}`);
}

function taskOf(
  payload: ImagePayload,
  { task_id, priority, callback_url, user_id }: ImageUploadFields | EnqueueImage,
) {
  return { type: IndexImage.type, payload: payload as Json, task_id, priority, callback_url, user_id };
}

function payloadOf(request: ImageUploadFields | EnqueueImage, image_path: string): ImagePayload {
  const {
    product_id,
    image_id = MAIN_IMAGE,
    user_id,
    name,
    description,
    tags,
    metadata,
    keep_location,
  } = request;
  return { product_id, image_id, image_path, user_id, name, description, tags, metadata, keep_location };
}
