import { Injectable } from '@nestjs/common';
import type { PictureInput } from '../engines/embeddings/image-embedder.js';
import { Fault } from '../kernel/fault.js';
import type { TenantScope } from '../kernel/tenant-scope.js';
import { ImageIndex, type FoundImage } from './image-index.js';
import { ImageReadsService } from './image-reads.service.js';
import type { ImageSearchResults, SearchFields, SearchImages } from './image-search.contract.js';
import { toImageHit } from './image-views.js';
import { ImagesRepository } from './images.repository.js';
import { PictureInputs } from './picture-inputs.js';
import { wordQuery } from './word-query.js';

type Place = Awaited<ReturnType<ImageIndex['serving']>>;
type Asked = Pick<SearchImages, 'limit' | 'filter'>;

/** Finds images by pictures and by words. */
@Injectable()
export class ImageSearchService {
  constructor(
    private readonly images: ImagesRepository,
    private readonly reads: ImageReadsService,
    private readonly index: ImageIndex,
    private readonly pictures: PictureInputs,
  ) {}

  /**
   * @throws Fault `image.not_found`, `image.not_processed`, `embedding.no_text_tower`, `embedding.model_missing`, and
   * those of reading a picture
   */
  async search(scope: TenantScope, request: SearchImages): Promise<ImageSearchResults> {
    const { text, product_id, image_id, image_url } = request;
    if (product_id !== undefined) return this.byImage(scope, product_id, image_id, request);
    if (image_url !== undefined) return this.byPicture(scope, await this.pictures.ofUrl(image_url), request);
    return this.byText(scope, text ?? '', request);
  }

  /** @param path of a local copy of what was sent */
  async searchUpload(scope: TenantScope, path: string, fields: SearchFields): Promise<ImageSearchResults> {
    return this.byPicture(scope, await this.pictures.ofCopy({ path }), fields);
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
    return this.byPicture(scope, await this.pictures.ofThumbnail(thumbnailKey), request, id);
  }

  private async byPicture(
    scope: TenantScope,
    picture: PictureInput,
    asked: Asked,
    except?: string,
  ): Promise<ImageSearchResults> {
    const place = await this.index.serving();
    const [vector] = await place.embedder.embed([picture]);
    return this.visual(scope, place, { ...asked, vector, except });
  }

  private async byText(scope: TenantScope, text: string, request: SearchImages): Promise<ImageSearchResults> {
    const place = await this.placeForWords(request.match);
    if (!place) return this.byWords(scope, text, request);
    const [vector] = await place.embedder.embedText([text]);
    return this.visual(scope, place, { ...request, vector });
  }

  /** @returns `null` when words are compared with words: the model whose vectors serve cannot read, or is not at hand */
  private async placeForWords(match: SearchImages['match']): Promise<Place | null> {
    if (match === 'metadata') return null;
    try {
      const place = await this.index.serving();
      return match === 'visual' || place.embedder.hasTextTower ? place : null;
    } catch (error) {
      if (match === undefined && Fault.is(error, 'embedding.model_missing')) return null;
      throw error;
    }
  }

  private async visual(
    scope: TenantScope,
    { collection, embedder }: Place,
    { vector, except, limit, filter }: Asked & { vector: Float32Array; except?: string },
  ): Promise<ImageSearchResults> {
    const { product_ids, user_id, metadata } = filter;
    const among = product_ids && (await this.images.idsOf(scope, product_ids));
    const narrowed = { limit: limit + (except ? 1 : 0), among, userId: user_id, metadata };
    const nearest = await this.index.search(scope, { collection, vector, ...narrowed });
    const found = nearest.filter(({ id }) => id !== except);
    const hits = await this.hits(scope, found.slice(0, limit));
    return { match: 'visual', model: embedder.model, hits };
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
