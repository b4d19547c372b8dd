import { Injectable } from '@nestjs/common';
import { Config } from '../config/config.js';
import { PictureReader } from '../engines/pictures/picture-reader.js';
import type { Picture } from '../engines/pictures/picture.js';
import { naming } from '../kernel/fault.js';
import { SourcePolicy } from '../storage/source-policy.js';
import { SourceReader, type FetchedSource } from '../storage/source-reader.js';
import type { Source } from '../storage/source.js';
import { isUploadKey } from '../storage/upload-keys.js';
import type { Json } from '../kernel/json.js';
import type { TaskRun } from '../tasks/task-handler.js';
import { imageSource } from './image-source.js';
import type { IndexImage } from './index-image.task.js';

type Run = TaskRun<typeof IndexImage>;

/** From where an image lies to what is to be seen on it. */
@Injectable()
export class ImageReading {
  constructor(
    private readonly policy: SourcePolicy,
    private readonly sources: SourceReader,
    private readonly reader: PictureReader,
    private readonly config: Config,
  ) {}

  async fetch({ scope, payload, signal, log, progress }: Run): Promise<FetchedSource> {
    progress(0, 'fetching');
    const from = imageSource(this.policy, scope, payload.image_path);
    log('fetching', namesOf(from));
    const limits = { maxBytes: this.config.uploadMaxBytes, signal };
    const source = await naming(fieldOf(payload.image_path), this.sources.fetch(from, limits), signal);
    log('fetched', { bytes: source.sizeBytes, sha256: source.sha256 });
    return source;
  }

  async read({ payload, signal, log, progress }: Run, { path }: FetchedSource): Promise<Picture> {
    progress(0.2, 'reading');
    log('reading');
    const { image_path, keep_location: keepLocation } = payload;
    const reading = this.reader.read({ path, keepLocation }, { signal });
    const picture = await naming(fieldOf(image_path), reading, signal);
    const { contentType, width, height, frames } = picture;
    log('read', { content_type: contentType, width, height, frames });
    return picture;
  }
}

/** Where the client said what to read: an upload came as a part of a form. */
function fieldOf(imagePath: string): string {
  return isUploadKey(imagePath) ? 'file' : 'image_path';
}

/** What of a source is nobody's secret: a URL may carry one. */
function namesOf(source: Source): Record<string, Json> {
  switch (source.kind) {
    case 'key':
      return { key: source.key };
    case 'object':
      return { bucket: source.bucket, key: source.key };
    case 'file':
      return { path: source.segments.join('/') };
    case 'url':
      return { host: new URL(source.url).host };
  }
}
