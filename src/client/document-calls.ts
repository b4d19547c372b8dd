import type { z } from 'zod';
import {
  AcceptedDocument,
  ChunkView,
  DocumentView,
  SearchResults,
  type ProcessDocument,
  type SearchDocuments,
} from '../documents/documents.contract.js';
import { OperationView } from '../operations/operations.contract.js';
import { whoseQuery, type Whose } from './erasure.js';
import { fileForm } from './file-form.js';
import type { CallOptions, HttpCalls } from './http-calls.js';
import { pageOf, type PageOptions } from './page.js';

type ProcessRequest = z.input<typeof ProcessDocument>;
/** What an upload says beside its file. */
export type UploadFields = Omit<
  ProcessRequest,
  'r2_key' | 'file_path' | 'source_url' | 'filename' | 'file_type' | 'file_size'
>;

/** Documents: in as files, out as text, passages and answers to a search. */
export class DocumentCalls {
  constructor(private readonly calls: HttpCalls) {}

  /**
   * Sends a file without holding it in memory.
   * @throws IntakeError client.file when it cannot be read
   */
  async upload(path: string, fields: UploadFields, options: CallOptions = {}) {
    const form = await fileForm(path, fields, fields.content_type);
    return this.calls.json('/api/documents', AcceptedDocument, {
      ...options,
      method: 'POST',
      form,
      creates: true,
    });
  }

  /** Processes a file that lies in the storage, in a bucket (`s3://bucket/key`) or behind a URL (`source_url`). */
  process(request: ProcessRequest, options: CallOptions = {}) {
    const call = { ...options, method: 'POST', json: request, creates: true } as const;
    return this.calls.json('/api/documents/process', AcceptedDocument, call);
  }

  get(documentId: string, options: CallOptions = {}) {
    return this.calls.json(pathOf(documentId), DocumentView, options);
  }

  text(documentId: string, options: CallOptions = {}) {
    return this.calls.text(`${pathOf(documentId)}/text`, options);
  }

  chunks(documentId: string, page: PageOptions = {}, options: CallOptions = {}) {
    return this.calls.json(`${pathOf(documentId)}/chunks`, pageOf(ChunkView), {
      ...options,
      query: { ...page },
    });
  }

  /** Newest first. */
  list(filter: PageOptions & { user_id?: string } = {}, options: CallOptions = {}) {
    return this.calls.json('/api/documents', pageOf(DocumentView), { ...options, query: { ...filter } });
  }

  search(request: z.input<typeof SearchDocuments>, options: CallOptions = {}) {
    const call = { ...options, method: 'POST', json: request, reads: true } as const;
    return this.calls.json('/api/documents/search', SearchResults, call);
  }

  async delete(documentId: string, options: CallOptions = {}): Promise<void> {
    await this.calls.text(pathOf(documentId), { ...options, method: 'DELETE' });
  }

  /** Begins to remove all documents of a user, or of the tenant. */
  erase(whose: Whose, options: CallOptions = {}) {
    const query = whoseQuery(whose);
    return this.calls.json('/api/documents', OperationView, { ...options, method: 'DELETE', query });
  }
}

function pathOf(documentId: string): string {
  return `/api/documents/${encodeURIComponent(documentId)}`;
}
