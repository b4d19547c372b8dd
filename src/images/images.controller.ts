import { Controller, Delete, Get, HttpStatus, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { Config } from '../config/config.js';
import { IdempotencyKey } from '../http/idempotency-key.decorator.js';
import { PageQuery, decodeCursor, pageOf, toPage } from '../http/page.js';
import { Faults, Returns } from '../http/returns.decorator.js';
import { UploadBody, readUpload } from '../http/upload.js';
import { parseRequest } from '../http/validation.js';
import type { TenantScope } from '../kernel/tenant-scope.js';
import { SUBMIT_FAULTS, answerAccepted } from '../tasks/accepted.js';
import { ClientId } from '../tasks/tasks.contract.js';
import { Scope } from '../tenants/tenant-scope.decorator.js';
import { ImageReadsService } from './image-reads.service.js';
import { AcceptedImage, ImageId, ImageUploadFields, ImageView, MAIN_IMAGE } from './images.contract.js';
import type { ImageFilter } from './images.repository.js';
import { ImagesService, missingImage } from './images.service.js';

const ListQuery = PageQuery.extend({
  product_id: ClientId.optional(),
  user_id: ClientId.optional(),
  content_type: z.string().max(255).optional().describe('As the bytes say, such as image/png'),
  tag: z.string().max(100).optional(),
});
const ProductQuery = PageQuery.extend({ image_id: ImageId.optional() });
const WhichImages = z.strictObject({
  image_id: ImageId.optional().describe('All images of the product without it'),
});
const ListCursor = z.object({ created_at: z.iso.datetime(), id: z.uuid() });

@ApiTags('Images')
@Controller('api/images')
export class ImagesController {
  constructor(
    private readonly images: ImagesService,
    private readonly reads: ImageReadsService,
    private readonly config: Config,
  ) {}

  @Post()
  @UploadBody(ImageUploadFields)
  @Returns(HttpStatus.ACCEPTED, AcceptedImage, {
    summary: 'Upload an image and index it',
    description:
      'One image per product unless `image_id` is given; a repeat replaces, the newest submission wins.',
  })
  @Faults(...SUBMIT_FAULTS, 'payload.unstorable', 'request.too_large', 'storage.unavailable')
  async upload(
    @Scope() scope: TenantScope,
    @Req() request: FastifyRequest,
    @IdempotencyKey() idempotencyKey: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const sink = this.images.upload(scope);
    const form = await readUpload(request, this.config.uploadMaxBytes, sink, ['tags']);
    try {
      const fields = parseRequest(ImageUploadFields, form.fields);
      const once = await this.images.indexUpload(scope, fields, form.file, idempotencyKey);
      const { product_id, image_id = MAIN_IMAGE } = fields;
      return { ...answerAccepted(reply, once), product_id, image_id };
    } catch (error) {
      await sink.discard(form.file);
      throw error;
    }
  }

  @Get()
  @Returns(HttpStatus.OK, pageOf(ImageView), { summary: 'List images, newest first' })
  list(@Scope() scope: TenantScope, @Query({ schema: ListQuery }) query: z.output<typeof ListQuery>) {
    const { product_id: productId, user_id: userId, content_type: contentType, tag } = query;
    return this.page(scope, { productId, userId, contentType, tag }, query);
  }

  @Get(':product_id')
  @Returns(HttpStatus.OK, pageOf(ImageView), {
    summary: 'All images of a product, or one of them: what is known and what they look like',
  })
  @Faults('image.not_found')
  async get(
    @Scope() scope: TenantScope,
    @Param('product_id') productId: string,
    @Query({ schema: ProductQuery }) query: z.output<typeof ProductQuery>,
  ) {
    const page = await this.page(scope, { productId, imageId: query.image_id }, query);
    if (page.data.length === 0 && query.cursor === undefined) throw missingImage(productId, query.image_id);
    return page;
  }

  @Delete(':product_id')
  @Returns(HttpStatus.NO_CONTENT, null, {
    summary: 'Delete the images of a product, or one of them, with vectors, thumbnails and uploaded files',
  })
  @Faults('image.not_found')
  async delete(
    @Scope() scope: TenantScope,
    @Param('product_id') productId: string,
    @Query({ schema: WhichImages }) { image_id }: z.output<typeof WhichImages>,
  ): Promise<void> {
    await this.images.delete(scope, productId, image_id);
  }

  private async page(
    scope: TenantScope,
    filter: ImageFilter,
    { limit, cursor }: { limit: number; cursor?: string },
  ) {
    const rows = await this.reads.list(scope, filter, limit + 1, decodeCursor(cursor, ListCursor));
    const { data, next_cursor } = toPage(rows, limit, ({ key }) => key);
    return { data: data.map(({ view }) => view), next_cursor };
  }
}
