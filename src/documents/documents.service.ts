import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { Fault } from '../kernel/fault.js';
import { newId } from '../kernel/ids.js';
import type { Json } from '../kernel/json.js';
import type { TenantScope } from '../kernel/tenant-scope.js';
import { parseKey } from '../storage/object-key.js';
import { ObjectStore } from '../storage/object-store.js';
import { ignoring } from '../telemetry/ignoring.js';
import { TasksService } from '../tasks/tasks.service.js';
import { DocumentIndex } from './document-index.js';
import { DocumentsRepository } from './documents.repository.js';
import type { DocumentPayload, ProcessDocument, UploadFields } from './documents.contract.js';
import { ProcessDocument as ProcessDocumentTask } from './process-document.task.js';

/** Objects below this prefix are ours: stored from uploads, removed with their document. */
const UPLOADS = 'uploads/';

export interface StoredUpload {
  key: string;
  fileName: string;
  contentType: string;
  sizeBytes: number;
  sha256: string;
}

/** How documents get in and out. */
@Injectable()
export class DocumentsService {
  constructor(
    private readonly database: Database,
    private readonly tasks: TasksService,
    private readonly documents: DocumentsRepository,
    private readonly index: DocumentIndex,
    private readonly objects: ObjectStore,
  ) {}

  /** @throws Fault `path.forbidden` for a key that leaves the storage root; whether it exists is the worker's check */
  process(scope: TenantScope, request: ProcessDocument, idempotencyKey?: string) {
    const r2_key = request.r2_key ?? request.file_path ?? '';
    parseKey(r2_key);
    const payload = { ...payloadOf(request, request.file_name ?? request.filename ?? ''), r2_key };
    return this.submit(scope, payload, request, { idempotencyKey, request });
  }

  /** Stores what a form brings under a key of our own; its name is only text. */
  upload(scope: TenantScope) {
    return {
      write: async (file: {
        fileName: string;
        contentType: string;
        stream: NodeJS.ReadableStream;
      }): Promise<StoredUpload> => {
        const key = `${UPLOADS}${createHash('sha256').update(scope.tenantId).digest('hex').slice(0, 16)}/${newId()}`;
        const { sizeBytes, sha256 } = await this.objects.put(key, file.stream as never);
        return { key, fileName: file.fileName, contentType: file.contentType, sizeBytes, sha256 };
      },
      discard: (stored: StoredUpload) => this.objects.delete(stored.key),
    };
  }

  async processUpload(
    scope: TenantScope,
    fields: UploadFields,
    stored: StoredUpload,
    idempotencyKey?: string,
  ) {
    const named = payloadOf(fields, fields.file_name ?? fields.filename ?? stored.fileName);
    const payload = { ...named, content_type: named.content_type ?? stored.contentType, r2_key: stored.key };
    const request = { ...fields, sha256: stored.sha256 };
    const once = await this.submit(scope, payload, fields, { idempotencyKey, request });
    if (once.replayed || once.answer.deduplicated) {
      await ignoring(
        this.objects.delete(stored.key),
        'the first upload under this key is the one that counts',
      );
    }
    return once;
  }

  /** Removes the document with its chunks, vectors and, when it was uploaded, its file. */
  async delete(scope: TenantScope, documentId: string): Promise<void> {
    const key = await this.database.transaction(async (tx) => {
      await this.index.delete(tx, scope, documentId);
      return this.documents.delete(tx, scope, documentId);
    });
    if (key === undefined) throw new Fault('document.not_found', `There is no document ${documentId}`);
    if (key.startsWith(UPLOADS)) await this.objects.delete(key);
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
): Omit<DocumentPayload, 'r2_key'> {
  const { document_id, user_id, metadata } = request;
  return {
    document_id,
    user_id,
    file_name,
    content_type: request.content_type ?? request.file_type,
    metadata,
  };
}
