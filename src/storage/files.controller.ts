import { Controller, Get, Headers, HttpStatus, Param, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Config } from '../config/config.js';
import { parseRange } from '../http/byte-range.js';
import { Faults, Returns } from '../http/returns.decorator.js';
import { Clock } from '../kernel/clock.js';
import { attachment } from './content-disposition.js';
import { FileLinks, type FileClaims } from './file-links.js';
import { ObjectStore } from './object-store.js';
import { refuseForeignUpload } from './upload-keys.js';

const MEDIA_TYPE = /^[\w.+-]{1,100}\/[\w.+-]{1,100}$/;

/** Hands out what a link of ours names. The link itself says who may: no key is asked for. */
@ApiTags('Files')
@Controller('api/files')
export class FilesController {
  private readonly links: FileLinks;

  constructor(
    config: Config,
    private readonly objects: ObjectStore,
    private readonly clock: Clock,
  ) {
    this.links = new FileLinks(config.secretKeys);
  }

  @Get(':signed')
  @Returns(HttpStatus.OK, null, {
    summary: 'A file by a signed link',
    description: 'Links come from other answers and expire. One byte range is served (`Range`).',
    contentType: 'application/octet-stream',
    also: { 206: 'A part of it', 416: 'The range is behind its end' },
  })
  @Faults('file_link.invalid', 'file_link.expired', 'source.not_found', 'storage.unavailable')
  async get(
    @Param('signed') signed: string,
    @Headers('range') header: string | undefined,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const claims = this.links.open(signed, this.nowSeconds());
    refuseForeignUpload({ tenantId: claims.tenant }, claims.key);
    const { sizeBytes } = await this.objects.stat(claims.key);
    const range = parseRange(header, sizeBytes);
    if (range === 'unsatisfiable') {
      await reply.code(416).header('content-range', `bytes */${sizeBytes}`).send();
      return;
    }
    const opened = await this.objects.open(claims.key, { range: range ?? undefined });
    reply.headers({ ...this.headersOf(claims), 'content-length': opened.sizeBytes });
    if (range) reply.code(206).header('content-range', `bytes ${range.start}-${range.end}/${sizeBytes}`);
    await reply.send(opened.stream);
  }

  /** Whatever the bytes are: a browser saves them, and runs nothing. */
  private headersOf({ key, name, type, until }: FileClaims): Record<string, string> {
    return {
      'content-type': type && MEDIA_TYPE.test(type) ? type : 'application/octet-stream',
      'content-disposition': attachment(name ?? key.split('/').at(-1) ?? ''),
      'content-security-policy': "default-src 'none'; sandbox",
      'x-content-type-options': 'nosniff',
      'cache-control': `private, max-age=${until - this.nowSeconds()}`,
      'accept-ranges': 'bytes',
    };
  }

  private nowSeconds(): number {
    return Math.floor(this.clock.wallMs() / 1_000);
  }
}
