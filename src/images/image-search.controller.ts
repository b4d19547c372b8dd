import { Controller, HttpStatus, Post, Req } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { Config } from '../config/config.js';
import { Faults, Returns } from '../http/returns.decorator.js';
import { UploadOrJsonBody, readUpload } from '../http/upload.js';
import { parseRequest } from '../http/validation.js';
import type { TenantScope } from '../kernel/tenant-scope.js';
import { Scope } from '../tenants/tenant-scope.decorator.js';
import { ImageSearchResults, SearchFields, SearchImages } from './image-search.contract.js';
import { ImageSearchService } from './image-search.service.js';
import { PictureInputs } from './picture-inputs.js';

const PICTURE_FAULTS = [
  'image.empty',
  'image.unsupported',
  'image.corrupt',
  'image.too_large',
  'image.too_many_frames',
  'sandbox.timeout',
  'sandbox.out_of_memory',
] as const;
const URL_FAULTS = [
  'source.not_found',
  'source.refused',
  'source.unavailable',
  'source.too_large',
  'outbound.forbidden',
  'outbound.unreachable',
  'outbound.timeout',
] as const;

@ApiTags('Images')
@Controller('api/images/search')
export class ImageSearchController {
  constructor(
    private readonly searches: ImageSearchService,
    private readonly pictures: PictureInputs,
    private readonly config: Config,
  ) {}

  @Post()
  @UploadOrJsonBody(SearchImages, SearchFields)
  @Returns(HttpStatus.OK, ImageSearchResults, {
    summary: 'Find images by a picture or by words',
    description:
      'By a picture in a form (`file`), by an image that is known here (`product_id`), by one behind a URL, or by a ' +
      'text. The answer says what was compared: pictures (`visual`), or names, descriptions, tags and colours ' +
      '(`metadata`) where the model knows no words.',
  })
  @Faults(
    ...PICTURE_FAULTS,
    ...URL_FAULTS,
    'image.not_found',
    'image.not_processed',
    'embedding.no_text_tower',
    'embedding.model_missing',
    'embedding.unavailable',
    'request.too_large',
  )
  async search(@Scope() scope: TenantScope, @Req() request: FastifyRequest) {
    if (!request.isMultipart())
      return this.searches.search(scope, parseRequest(SearchImages, request.body ?? {}));
    const { fields, file } = await readUpload(request, this.config.uploadMaxBytes, {
      write: ({ stream }) => this.pictures.receive(stream),
      discard: (copy) => copy.dispose(),
    });
    try {
      return await this.searches.searchUpload(scope, file.path, parseRequest(SearchFields, fields));
    } finally {
      await file.dispose();
    }
  }
}
