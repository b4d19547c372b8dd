import type { z } from 'zod';
import { DecidedDuplicates, DuplicateGroup, type DecideDuplicates } from '../images/duplicates.contract.js';
import { ImageSearchResults, type SearchFields, type SearchImages } from '../images/image-search.contract.js';
import { AcceptedImage, ImageView, type EnqueueImage } from '../images/images.contract.js';
import { OperationView } from '../operations/operations.contract.js';
import { whoseQuery, type Whose } from './erasure.js';
import { fileForm } from './file-form.js';
import type { CallOptions, HttpCalls } from './http-calls.js';
import { pageOf, type PageOptions } from './page.js';

/** What an upload says beside its file. */
export type ImageFields = Omit<z.input<typeof EnqueueImage>, 'image_path'>;

interface ImageFilter extends PageOptions {
  product_id?: string;
  user_id?: string;
  content_type?: string;
  tag?: string;
}

/** Images: in as files, out as records, thumbnails, hits and groups of duplicates. `queue.enqueue` takes what lies elsewhere. */
export class ImageCalls {
  constructor(private readonly calls: HttpCalls) {}

  /**
   * Sends a file without holding it in memory.
   * @throws IntakeError client.file when it cannot be read
   */
  async upload(path: string, fields: ImageFields, options: CallOptions = {}) {
    const form = await fileForm(path, fields);
    return this.calls.json('/api/images', AcceptedImage, { ...options, method: 'POST', form, creates: true });
  }

  /** Newest first. */
  list(filter: ImageFilter = {}, options: CallOptions = {}) {
    return this.calls.json('/api/images', pageOf(ImageView), { ...options, query: { ...filter } });
  }

  /** All images of a product, or one of them. */
  get(productId: string, query: PageOptions & { image_id?: string } = {}, options: CallOptions = {}) {
    return this.calls.json(pathOf(productId), pageOf(ImageView), { ...options, query: { ...query } });
  }

  /** WebP. @param imageId the product's `main` image without it */
  thumbnail(productId: string, imageId?: string, options: CallOptions = {}): Promise<Uint8Array> {
    return this.calls.bytes(`${pathOf(productId)}/thumbnail`, { ...options, query: { image_id: imageId } });
  }

  /** The picture as it was indexed. @param imageId the product's `main` image without it */
  file(productId: string, imageId?: string, options: CallOptions = {}): Promise<Uint8Array> {
    return this.calls.bytes(`${pathOf(productId)}/file`, { ...options, query: { image_id: imageId } });
  }

  /** @param imageId all images of the product without it */
  async delete(productId: string, imageId?: string, options: CallOptions = {}): Promise<void> {
    await this.calls.text(pathOf(productId), { ...options, method: 'DELETE', query: { image_id: imageId } });
  }

  /** Begins to remove all images of a user, or of the tenant. */
  erase(whose: Whose, options: CallOptions = {}) {
    const query = whoseQuery(whose);
    return this.calls.json('/api/images', OperationView, { ...options, method: 'DELETE', query });
  }

  /** By words, by an image that is known, or by one behind a URL. */
  search(request: z.input<typeof SearchImages>, options: CallOptions = {}) {
    const call = { ...options, method: 'POST', json: request, reads: true } as const;
    return this.calls.json('/api/images/search', ImageSearchResults, call);
  }

  /** By a picture. @throws IntakeError client.file when it cannot be read */
  async searchFile(path: string, fields: SearchFileFields = {}, options: CallOptions = {}) {
    const call = { ...options, method: 'POST', form: await fileForm(path, fields), reads: true } as const;
    return this.calls.json('/api/images/search', ImageSearchResults, call);
  }

  /** Groups that wait for a decision. */
  duplicates(page: PageOptions = {}, options: CallOptions = {}) {
    return this.calls.json('/api/images/duplicates', pageOf(DuplicateGroup), {
      ...options,
      query: { ...page },
    });
  }

  decide(groupId: string, decision: z.input<typeof DecideDuplicates>, options: CallOptions = {}) {
    const call = { ...options, method: 'POST', json: decision } as const;
    const path = `/api/images/duplicates/${encodeURIComponent(groupId)}/decision`;
    return this.calls.json(path, DecidedDuplicates, call);
  }
}

/** What a search by a picture may say. */
export type SearchFileFields = Partial<z.output<typeof SearchFields>>;

function pathOf(productId: string): string {
  return `/api/images/${encodeURIComponent(productId)}`;
}
