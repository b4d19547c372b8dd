import { Injectable } from '@nestjs/common';
import type { TextEmbedder } from '../engines/embeddings/text-embedder.js';
import { Fault } from '../kernel/fault.js';
import type { Json } from '../kernel/json.js';
import type { TenantScope } from '../kernel/tenant-scope.js';
import type { TaskStatus } from '../kernel/task-status.js';
import { TaskControlService } from '../tasks/task-control.service.js';
import { embeddingText } from './document-chunker.js';
import { DocumentIndex } from './document-index.js';
import { DocumentsRepository, type DocumentRow } from './documents.repository.js';
import type { DocumentResult, SearchDocuments } from './documents.contract.js';

/** What callers can see of documents. */
@Injectable()
export class DocumentReadsService {
  constructor(
    private readonly documents: DocumentsRepository,
    private readonly control: TaskControlService,
    private readonly index: DocumentIndex,
  ) {}

  async get(scope: TenantScope, documentId: string) {
    const row = await this.documents.find(scope, documentId);
    if (!row) throw missing(documentId);
    const statuses = await this.control.statuses(scope, [row.taskId]);
    return toView(row, statuses.get(row.taskId));
  }

  async list(
    scope: TenantScope,
    filter: { userId?: string },
    limit: number,
    after?: { created_at: string; document_id: string },
  ) {
    const rows = await this.documents.list(scope, filter, limit, after);
    const statuses = await this.control.statuses(
      scope,
      rows.map(({ taskId }) => taskId),
    );
    return rows.map((row) => toView(row, statuses.get(row.taskId)));
  }

  /** @returns the text of the last completed run @throws Fault `document.not_found`, `document.not_processed` */
  async text(scope: TenantScope, documentId: string): Promise<string> {
    const text = await this.documents.text(scope, documentId);
    if (text === undefined) throw missing(documentId);
    if (text === null)
      throw new Fault('document.not_processed', `The document ${documentId} has no text yet; watch its task`);
    return text;
  }

  async chunks(scope: TenantScope, documentId: string, limit: number, after?: number) {
    if (!(await this.documents.find(scope, documentId))) throw missing(documentId);
    const rows = await this.documents.chunks(scope, documentId, limit, after);
    return rows.map(({ ordinal, page, startOffset, endOffset, heading, text }) => ({
      ordinal,
      page,
      start_offset: startOffset,
      end_offset: endOffset,
      heading,
      text,
    }));
  }

  /** Passages nearest in meaning, best first. A hit whose document is just being replaced is left out. */
  async search(scope: TenantScope, request: SearchDocuments) {
    const { hits, embedder } = await this.index.search(scope, request);
    const places = hits.map(({ source, id }) => ({ documentId: source, ordinal: Number(id) }));
    const chunks = new Map((await this.documents.chunksAt(scope, places)).map((row) => [placeOf(row), row]));
    const named = await this.documents.fileNames(scope, [...new Set(hits.map(({ source }) => source))]);
    const names = new Map(named.map(({ documentId, fileName }) => [documentId, fileName]));
    const found = hits.flatMap(({ source, id, score }) => {
      const chunk = chunks.get(placeOf({ documentId: source, ordinal: Number(id) }));
      const fileName = names.get(source);
      if (!chunk || fileName === undefined) return [];
      const { ordinal, page, startOffset, endOffset, heading, text } = chunk;
      const offsets = { start_offset: startOffset, end_offset: endOffset };
      return [{ document_id: source, file_name: fileName, score, ordinal, page, ...offsets, heading, text }];
    });
    return { query: request.query, model: embedder.model, hits: await best(embedder, request, found) };
  }
}

/** The second look: the embedder orders what the vectors found by a finer measure, where it has one. */
async function best<Hit extends { heading: string | null; text: string; score: number }>(
  embedder: TextEmbedder,
  { query, limit }: SearchDocuments,
  found: readonly Hit[],
): Promise<Hit[]> {
  const candidates = found.map((hit) => ({ text: embeddingText(hit), similarity: hit.score }));
  const scores = await embedder.rank(query, candidates);
  const scored = found.map((hit, at) => ({ ...hit, score: scores[at] }));
  return scored.toSorted((a, b) => b.score - a.score).slice(0, limit);
}

function placeOf({ documentId, ordinal }: { documentId: string; ordinal: number }): string {
  return `${ordinal} ${documentId}`;
}

function missing(documentId: string): Fault {
  return new Fault('document.not_found', `There is no document ${documentId}`);
}

function toView(row: DocumentRow, status: TaskStatus | undefined) {
  const self = `/api/documents/${encodeURIComponent(row.documentId)}`;
  return {
    document_id: row.documentId,
    user_id: row.userId,
    file_name: row.fileName,
    // Retention took the task: what the row holds tells how it ended.
    status: status ?? (row.generation === null ? ('failed' as const) : ('completed' as const)),
    task_id: row.taskId,
    content_type: row.contentType,
    size_bytes: row.sizeBytes === null ? null : Number(row.sizeBytes),
    sha256: row.sha256,
    title: row.title,
    language: row.language,
    pages: row.pages,
    characters: row.characters,
    chunks: row.chunks,
    warnings: (row.warnings ?? []) as DocumentResult['warnings'],
    metadata: (row.metadata ?? {}) as Record<string, Json>,
    r2_key: row.storageKey,
    source_url: row.sourceUrl,
    created_at: row.createdAt.toISOString(),
    processed_at: row.processedAt?.toISOString() ?? null,
    links: { self, text: `${self}/text`, chunks: `${self}/chunks`, task: `/api/tasks/${row.taskId}` },
  };
}
