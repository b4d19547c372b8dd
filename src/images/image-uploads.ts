import { Injectable } from '@nestjs/common';
import { UploadOwner } from '../storage/upload-owner.js';
import { ImagesRepository } from './images.repository.js';

/** Where our uploads and thumbnails lie. */
export const IMAGE_UPLOADS = 'images';

/** Says which uploads are images, or their thumbnails. */
@Injectable()
export class ImageUploads extends UploadOwner {
  readonly feature = IMAGE_UPLOADS;

  constructor(private readonly images: ImagesRepository) {
    super();
  }

  inUse(keys: readonly string[]): Promise<readonly string[]> {
    return this.images.uploadsInUse(keys);
  }
}
