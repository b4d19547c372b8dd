import { Body, Controller, Delete, Get, HttpStatus, Param, Post, Query, Req, Res } from '@nestjs/common';
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
import type { Once } from '../tasks/idempotency.js';
import { ClientId, type AcceptedTask } from '../tasks/tasks.contract.js';
import { Scope } from '../tenants/tenant-scope.decorator.js';
import { DocumentReadsService } from './document-reads.service.js';
import {
  AcceptedDocument,
  ChunkView,
  DocumentView,
  ProcessDocument,
  SearchDocuments,
  SearchResults,
  UploadFields,
} from './documents.contract.js';
import { DocumentsService } from './documents.service.js';

const PLACE_FAULTS = [
  'path.forbidden',
  'path.too_long',
  'source.unsupported',
  'bucket.forbidden',
  'outbound.forbidden',
] as const;

const ListQuery = PageQuery.extend({ user_id: ClientId.optional() });
const ListCursor = z.object({ created_at: z.iso.datetime(), document_id: z.string() });

@ApiTags('Documents')
@Controller('api/documents')
export class DocumentsController {
  constructor(
    private readonly documents: DocumentsService,
    private readonly reads: DocumentReadsService,
    private readonly config: Config,
  ) {}

  @Post('process')
  @Returns(HttpStatus.ACCEPTED, AcceptedDocument, {
    summary: 'Process a file that lies in the storage, in a bucket or behind a URL',
  })
  @Faults(...SUBMIT_FAULTS, ...PLACE_FAULTS)
  async process(
    @Scope() scope: TenantScope,
    @Body({ schema: ProcessDocument }) body: ProcessDocument,
    @IdempotencyKey() idempotencyKey: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return accepted(reply, await this.documents.process(scope, body, idempotencyKey), body.document_id);
  }

  @Post()
  @UploadBody(UploadFields)
  @Returns(HttpStatus.ACCEPTED, AcceptedDocument, { summary: 'Upload a file and process it' })
  @Faults(...SUBMIT_FAULTS, 'request.too_large', 'storage.unavailable')
  async upload(
    @Scope() scope: TenantScope,
    @Req() request: FastifyRequest,
    @IdempotencyKey() idempotencyKey: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const sink = this.documents.upload(scope);
    const form = await readUpload(request, this.config.uploadMaxBytes, sink);
    try {
      const fields = parseRequest(UploadFields, form.fields);
      const once = await this.documents.processUpload(scope, fields, form.file, idempotencyKey);
      return accepted(reply, once, fields.document_id);
    } catch (error) {
      await sink.discard(form.file);
      throw error;
    }
  }

  @Post('search')
  @Returns(HttpStatus.OK, SearchResults, { summary: 'Find the passages nearest in meaning' })
  @Faults('embedding.unavailable')
  search(@Scope() scope: TenantScope, @Body({ schema: SearchDocuments }) body: SearchDocuments) {
    return this.reads.search(scope, body);
  }

  @Get()
  @Returns(HttpStatus.OK, pageOf(DocumentView), { summary: 'List documents, newest first' })
  async list(@Scope() scope: TenantScope, @Query({ schema: ListQuery }) query: z.output<typeof ListQuery>) {
    const after = decodeCursor(query.cursor, ListCursor);
    const rows = await this.reads.list(scope, { userId: query.user_id }, query.limit + 1, after);
    return toPage(rows, query.limit, ({ created_at, document_id }) => ({ created_at, document_id }));
  }

  @Get(':document_id')
  @Returns(HttpStatus.OK, DocumentView, { summary: 'One document: what is known of it' })
  @Faults('document.not_found')
  get(@Scope() scope: TenantScope, @Param('document_id') documentId: string) {
    return this.reads.get(scope, documentId);
  }

  @Get(':document_id/text')
  @Returns(HttpStatus.OK, null, { summary: 'The extracted text', contentType: 'text/plain' })
  @Faults('document.not_found', 'document.not_processed')
  async text(
    @Scope() scope: TenantScope,
    @Param('document_id') documentId: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    void reply.type('text/plain; charset=utf-8');
    return this.reads.text(scope, documentId);
  }

  @Get(':document_id/chunks')
  @Returns(HttpStatus.OK, pageOf(ChunkView), { summary: 'The passages that search sees, in reading order' })
  @Faults('document.not_found')
  async chunks(
    @Scope() scope: TenantScope,
    @Param('document_id') documentId: string,
    @Query({ schema: PageQuery }) query: z.output<typeof PageQuery>,
  ) {
    const after = decodeCursor(query.cursor, z.int());
    const rows = await this.reads.chunks(scope, documentId, query.limit + 1, after);
    return toPage(rows, query.limit, ({ ordinal }) => ordinal);
  }

  @Delete(':document_id')
  @Returns(HttpStatus.NO_CONTENT, null, {
    summary: 'Delete a document with its text, vectors and uploaded file',
  })
  @Faults('document.not_found')
  async delete(@Scope() scope: TenantScope, @Param('document_id') documentId: string): Promise<void> {
    await this.documents.delete(scope, documentId);
  }
}

function accepted(reply: FastifyReply, once: Once<AcceptedTask>, documentId: string) {
  return { ...answerAccepted(reply, once), document_id: documentId };
}
