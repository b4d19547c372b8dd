import { Body, Controller, HttpStatus, Post, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { IdempotencyKey } from '../http/idempotency-key.decorator.js';
import { Faults, Returns } from '../http/returns.decorator.js';
import type { TenantScope } from '../kernel/tenant-scope.js';
import { SUBMIT_FAULTS, answerAccepted, answerBatch } from '../tasks/accepted.js';
import { AcceptedBatch } from '../tasks/tasks.contract.js';
import { Scope } from '../tenants/tenant-scope.decorator.js';
import { AcceptedImage, EnqueueImage, EnqueueImages, MAIN_IMAGE } from './images.contract.js';
import { ImagesService } from './images.service.js';

const PLACE_FAULTS = [
  'path.forbidden',
  'path.too_long',
  'source.unsupported',
  'bucket.forbidden',
  'outbound.forbidden',
] as const;

const PATHS =
  'The path is looked at by a worker: one that leads nowhere makes the task fail with `source.not_found`. Only a path ' +
  'that escapes its root, a bucket that is not allowed and a private address are refused at once.';

/** The calls of the queue that images came from. */
@ApiTags('Queue')
@Controller('api/queue')
export class ImageQueueController {
  constructor(private readonly images: ImagesService) {}

  @Post('enqueue')
  @Returns(HttpStatus.ACCEPTED, AcceptedImage, { summary: 'Index one image', description: PATHS })
  @Faults(...SUBMIT_FAULTS, ...PLACE_FAULTS, 'payload.unstorable')
  async enqueue(
    @Scope() scope: TenantScope,
    @Body({ schema: EnqueueImage }) body: EnqueueImage,
    @IdempotencyKey() idempotencyKey: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const accepted = answerAccepted(reply, await this.images.enqueue(scope, body, idempotencyKey));
    return { ...accepted, product_id: body.product_id, image_id: body.image_id ?? MAIN_IMAGE };
  }

  @Post('enqueue/batch')
  @Returns(HttpStatus.ACCEPTED, AcceptedBatch, {
    summary: 'Index up to 1,000 images, all or nothing',
    description: `${PATHS} Of two that name the same image the later one counts.`,
  })
  @Faults(...SUBMIT_FAULTS, ...PLACE_FAULTS, 'payload.unstorable')
  async enqueueBatch(
    @Scope() scope: TenantScope,
    @Body({ schema: EnqueueImages }) body: EnqueueImages,
    @IdempotencyKey() idempotencyKey: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return answerBatch(reply, await this.images.enqueueBatch(scope, body, idempotencyKey));
  }
}
