import { Injectable } from '@nestjs/common';
import { ImageEmbedder } from '../engines/embeddings/image-embedder.js';
import { Fault } from '../kernel/fault.js';
import type { TenantScope } from '../kernel/tenant-scope.js';
import { ImageIndex, type FoundImage } from './image-index.js';
import { ImageReadsService } from './image-reads.service.js';
import type { ImageSearchResults, SearchFields, SearchImages } from './image-search.contract.js';
import { toImageHit } from './image-views.js';
import { ImagesRepository } from './images.repository.js';
import { QueryPictures } from './query-pictures.js';
import { wordQuery } from './word-query.js';

type Asked = Pick<SearchImages, 'limit' | 'filter'>;

/** Finds images by pictures and by words. */
@Injectable()
export class ImageSearchService {
  constructor(
    private readonly images: ImagesRepository,
    private readonly reads: ImageReadsService,
    private readonly index: ImageIndex,
    private readonly pictures: QueryPictures,
    private readonly embedder: ImageEmbedder,
  ) {}

  /**
   * @throws Fault `image.not_found`, `image.not_processed`, `embedding.no_text_tower`, and those of reading a picture
   */
  async search(scope: TenantScope, request: SearchImages): Promise<ImageSearchResults> {
    const { text, product_id, image_id, image_url, match } = request;
    if (product_id !== undefined) return this.byImage(scope, product_id, image_id, request);
    if (image_url !== undefined)
      return this.visual(scope, await this.pictures.vectorOfUrl(image_url), request);
    const isVisual = match === 'visual' || (match === undefined && this.embedder.hasTextTower);
    if (!isVisual) return this.byWords(scope, text ?? '', request);
    const [vector] = await this.embedder.embedText([text ?? '']);
    return this.visual(scope, vector, request);
  }

  /** @param path of a local copy of what was sent */
  async searchUpload(scope: TenantScope, path: string, fields: SearchFields): Promise<ImageSearchResults> {
    return this.visual(scope, await this.pictures.vectorOf({ path }), fields);
  }

  private async byImage(
    scope: TenantScope,
    productId: string,
    imageId: string | undefined,
    request: SearchImages,
  ): Promise<ImageSearchResults> {
    const { id, thumbnailKey } = await this.reads.find(scope, productId, imageId);
    if (thumbnailKey === null)
      throw new Fault('image.not_processed', `No image of the product ${productId} is processed yet`);
    const vector = await this.pictures.vectorOfThumbnail(thumbnailKey);
    return this.visual(scope, vector, request, id);
  }

  private async visual(
    scope: TenantScope,
    vector: Float32Array,
    { limit, filter }: Asked,
    except?: string,
  ): Promise<ImageSearchResults> {
    const { product_ids, user_id, metadata } = filter;
    const among = product_ids && (await this.images.idsOf(scope, product_ids));
    const query = { vector, limit: limit + (except ? 1 : 0), among, userId: user_id, metadata };
    const found = (await this.index.search(scope, query)).filter(({ id }) => id !== except);
    const hits = await this.hits(scope, found.slice(0, limit));
    return { match: 'visual', model: this.embedder.model, hits };
  }

  private async byWords(
    scope: TenantScope,
    text: string,
    { limit, filter }: Asked,
  ): Promise<ImageSearchResults> {
    const words = wordQuery(text);
    const { product_ids: productIds, user_id: userId, metadata } = filter;
    const narrowed = { productIds, userId, metadata };
    const found = words === '' ? [] : await this.images.findWords(scope, words, limit, narrowed);
    return { match: 'metadata', model: null, hits: await this.hits(scope, found) };
  }

  /** An image that is just being removed is left out. */
  private async hits(scope: TenantScope, found: readonly FoundImage[]) {
    const ids = found.map(({ id }) => id);
    const rows = new Map((await this.images.byIds(scope, ids)).map((row) => [row.id, row]));
    return found.flatMap(({ id, score }) => {
      const row = rows.get(id);
      return row ? [toImageHit(row, score)] : [];
    });
  }
}
