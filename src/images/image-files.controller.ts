import { Controller, Get, Headers, HttpStatus, Param, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { Faults, Returns } from '../http/returns.decorator.js';
import type { TenantScope } from '../kernel/tenant-scope.js';
import { Scope } from '../tenants/tenant-scope.decorator.js';
import { ImageFilesService, type ImageFile } from './image-files.service.js';
import { ImageId } from './images.contract.js';

const WhichImage = z.strictObject({
  image_id: ImageId.optional().describe('The `main` image without it, or the newest when there is none'),
});
type WhichImage = z.output<typeof WhichImage>;

const FILE_FAULTS = ['image.not_found', 'image.not_processed', 'storage.unavailable'] as const;
const NOT_MODIFIED = { 304: 'The copy that `If-None-Match` names is still good' };

@ApiTags('Images')
@Controller('api/images')
export class ImageFilesController {
  constructor(private readonly files: ImageFilesService) {}

  @Get(':product_id/thumbnail')
  @Returns(HttpStatus.OK, null, {
    summary: 'A small copy of an image: WebP, 512 pixels wide or high at most, upright, without metadata',
    contentType: 'image/webp',
    also: NOT_MODIFIED,
  })
  @Faults(...FILE_FAULTS, 'source.not_found')
  async thumbnail(
    @Scope() scope: TenantScope,
    @Param('product_id') productId: string,
    @Query({ schema: WhichImage }) { image_id }: WhichImage,
    @Headers('if-none-match') known: string | undefined,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await send(reply, await this.files.thumbnail(scope, productId, image_id), known);
  }

  @Get(':product_id/file')
  @Returns(HttpStatus.OK, null, {
    summary: 'The image as it was indexed, fetched from where it lies',
    description: 'With all its metadata: `keep_location` is about the record.',
    contentType: 'application/octet-stream',
    also: NOT_MODIFIED,
  })
  @Faults(...FILE_FAULTS, 'source.not_found', 'source.changed', 'source.refused', 'source.unavailable')
  async file(
    @Scope() scope: TenantScope,
    @Param('product_id') productId: string,
    @Query({ schema: WhichImage }) { image_id }: WhichImage,
    @Headers('if-none-match') known: string | undefined,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await send(reply, await this.files.file(scope, productId, image_id), known);
  }
}

/** Whatever the bytes are: a browser takes them for the picture that they were read as, and runs nothing. */
async function send(reply: FastifyReply, file: ImageFile, known: string | undefined): Promise<void> {
  const tag = `"${file.tag}"`;
  reply.headers({
    etag: tag,
    'cache-control': 'private, no-cache',
    'content-security-policy': "default-src 'none'; sandbox",
    'x-content-type-options': 'nosniff',
  });
  if (known?.split(/\s*,\s*/).includes(tag)) {
    file.stream.destroy();
    await reply.code(HttpStatus.NOT_MODIFIED).send();
    return;
  }
  reply.headers({ 'content-type': file.contentType, 'content-length': file.sizeBytes });
  await reply.send(file.stream);
}
