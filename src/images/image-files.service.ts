import { createReadStream } from 'node:fs';
import { Injectable } from '@nestjs/common';
import { Config } from '../config/config.js';
import { Fault } from '../kernel/fault.js';
import type { TenantScope } from '../kernel/tenant-scope.js';
import { ObjectStore, type OpenedObject } from '../storage/object-store.js';
import { SourcePolicy } from '../storage/source-policy.js';
import { SourceReader } from '../storage/source-reader.js';
import { ignoring } from '../telemetry/ignoring.js';
import { ImageReadsService } from './image-reads.service.js';
import { imageSource } from './image-source.js';
import type { ImageRow } from './images.repository.js';

export interface ImageFile extends OpenedObject {
  /** Found out by the bytes. */
  contentType: string;
  /** The same as long as the bytes are. */
  tag: string;
}

/** The pictures themselves. */
@Injectable()
export class ImageFilesService {
  constructor(
    private readonly reads: ImageReadsService,
    private readonly objects: ObjectStore,
    private readonly policy: SourcePolicy,
    private readonly sources: SourceReader,
    private readonly config: Config,
  ) {}

  /** @throws Fault `image.not_found`, `image.not_processed` */
  async thumbnail(scope: TenantScope, productId: string, imageId?: string): Promise<ImageFile> {
    const { thumbnailKey, generation } = processed(await this.reads.find(scope, productId, imageId));
    const opened = await this.objects.open(thumbnailKey);
    return { ...opened, contentType: 'image/webp', tag: generation };
  }

  /**
   * What was indexed, from wherever it lies.
   * @throws Fault `image.not_found`, `image.not_processed`; `source.changed` when other bytes lie there by now; those of
   * SourceReader
   */
  async file(scope: TenantScope, productId: string, imageId?: string): Promise<ImageFile> {
    const row = processed(await this.reads.find(scope, productId, imageId));
    const from = imageSource(this.policy, scope, row.imagePath);
    const source = await this.sources.fetch(from, { maxBytes: this.config.uploadMaxBytes });
    if (source.sha256 !== row.sha256) {
      await source.dispose();
      throw new Fault('source.changed', 'Other bytes lie there than those that were indexed; index it again');
    }
    const stream = createReadStream(source.path);
    stream.once('close', () => void ignoring(source.dispose(), 'a copy that was sent is removed later'));
    return { stream, sizeBytes: source.sizeBytes, contentType: row.contentType, tag: row.sha256 };
  }
}

type ProcessedImage = ImageRow & {
  thumbnailKey: string;
  generation: string;
  sha256: string;
  contentType: string;
};

function processed(row: ImageRow): ProcessedImage {
  if (row.generation !== null && row.thumbnailKey !== null) return row as ProcessedImage;
  throw new Fault(
    'image.not_processed',
    `The image ${row.imageId} of ${row.productId} is not processed yet; watch its task`,
  );
}
