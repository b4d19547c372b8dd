import type { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { Fault } from '../kernel/fault.js';
import type { Json } from '../kernel/json.js';
import type { TenantScope } from '../kernel/tenant-scope.js';
import { SourcePolicy } from '../storage/source-policy.js';
import { Uploads, type StoredUpload } from '../storage/uploads.js';
import { ignoring } from '../telemetry/ignoring.js';
import { TasksService } from '../tasks/tasks.service.js';
import { DocumentIndex } from './document-index.js';
import { sourceOf } from './document-source.js';
import { DOCUMENT_UPLOADS } from './document-uploads.js';
import { DocumentsRepository } from './documents.repository.js';
import type { DocumentPayload, ProcessDocument, UploadFields } from './documents.contract.js';
import { ProcessDocument as ProcessDocumentTask } from './process-document.task.js';

/** A file that came in a form. */
export interface DocumentUpload extends StoredUpload {
  fileName: string;
  contentType: string;
}

/** How documents get in and out. */
@Injectable()
export class DocumentsService {
  constructor(
    private readonly database: Database,
    private readonly tasks: TasksService,
    private readonly documents: DocumentsRepository,
    private readonly index: DocumentIndex,
    private readonly policy: SourcePolicy,
    private readonly uploads: Uploads,
  ) {}

  /**
   * Whether the source exists is the worker's check.
   * @throws Fault `path.forbidden` for a key that leaves the storage root, `bucket.forbidden`, `outbound.forbidden`
   */
  process(scope: TenantScope, request: ProcessDocument, idempotencyKey?: string) {
    const { source_url } = request;
    const r2_key = request.r2_key ?? request.file_path;
    sourceOf(this.policy, scope, { r2_key, source_url });
    const named = payloadOf(request, request.file_name ?? request.filename ?? '');
    return this.submit(scope, { ...named, r2_key, source_url }, request, { idempotencyKey, request });
  }

  /** Stores what a form brings under a key of our own; its name is only text. */
  upload(scope: TenantScope) {
    return {
      write: async (file: {
        fileName: string;
        contentType: string;
        stream: Readable;
      }): Promise<DocumentUpload> => {
        const { stream, ...named } = file;
        return { ...named, ...(await this.uploads.put(DOCUMENT_UPLOADS, scope, stream)) };
      },
      discard: (stored: DocumentUpload) => this.discard(stored),
    };
  }

  async processUpload(
    scope: TenantScope,
    fields: UploadFields,
    stored: DocumentUpload,
    idempotencyKey?: string,
  ) {
    const named = payloadOf(fields, fields.file_name ?? fields.filename ?? stored.fileName);
    const payload = { ...named, content_type: named.content_type ?? stored.contentType, r2_key: stored.key };
    const request = { ...fields, sha256: stored.sha256 };
    const once = await this.submit(scope, payload, fields, { idempotencyKey, request });
    if (once.replayed || once.answer.deduplicated) {
      await ignoring(this.discard(stored), 'the first upload under this key is the one that counts');
    }
    return once;
  }

  /** Removes the document with its chunks, vectors and, when it was uploaded, its file. */
  async delete(scope: TenantScope, documentId: string): Promise<void> {
    const row = await this.database.transaction(async (tx) => {
      const gone = await this.documents.delete(tx, scope, documentId);
      await this.index.delete(tx, scope, documentId);
      return gone;
    });
    if (!row) throw new Fault('document.not_found', `There is no document ${documentId}`);
    await this.uploads.release(row.storageKey === null ? [] : [row.storageKey]);
  }

  private async discard({ key }: DocumentUpload): Promise<void> {
    await this.uploads.release([key]);
  }

  /** The document's row and its task commit together; the row says which submission is the newest. */
  private submit(
    scope: TenantScope,
    payload: DocumentPayload,
    { task_id, priority, callback_url, user_id }: UploadFields | ProcessDocument,
    options: { idempotencyKey?: string; request: unknown },
  ) {
    const request = {
      type: ProcessDocumentTask.type,
      payload: payload as Json,
      task_id,
      priority,
      callback_url,
      user_id,
    };
    return this.tasks.submit(scope, request, {
      ...options,
      within: async (tx, taskId) => ({
        submission: await this.documents.register(tx, scope, payload, taskId),
      }),
    });
  }
}

function payloadOf(
  request: UploadFields | ProcessDocument,
  file_name: string,
): Omit<DocumentPayload, 'r2_key' | 'source_url'> {
  const { document_id, user_id, metadata } = request;
  return {
    document_id,
    user_id,
    file_name,
    content_type: request.content_type ?? request.file_type,
    metadata,
  };
}
