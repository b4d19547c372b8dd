import { createHash } from 'node:crypto';
import { TextEmbedder } from '../engines/embeddings/text-embedder.js';
import type { ExtractedDocument } from '../engines/extraction/extracted-document.js';
import { newId } from '../kernel/ids.js';
import type { FetchedSource } from '../storage/source-reader.js';
import { Handles, type TaskHandler, type TaskRun } from '../tasks/task-handler.js';
import { completed } from '../tasks/task-outcome.js';
import { chunkDocument, documentText, embeddingText, type Chunk } from './document-chunker.js';
import { DocumentIndex } from './document-index.js';
import { DocumentReading } from './document-reading.js';
import type { DocumentResult } from './documents.contract.js';
import { DocumentsRepository } from './documents.repository.js';
import { ProcessDocument } from './process-document.task.js';

type Run = TaskRun<typeof ProcessDocument>;

/** Chunks that go to the embedder together: often enough for progress and a prompt stop. */
const EMBED_BATCH = 32;

/** Bytes in, searchable text out; run twice, it leaves the same rows and vectors. */
@Handles(ProcessDocument)
export class ProcessDocumentHandler implements TaskHandler<typeof ProcessDocument> {
  constructor(
    private readonly reading: DocumentReading,
    private readonly embedder: TextEmbedder,
    private readonly index: DocumentIndex,
    private readonly documents: DocumentsRepository,
  ) {}

  async handle(run: Run) {
    const submission =
      run.payload.submission ??
      (await run.effects((tx) => this.documents.register(tx, run.scope, run.payload, run.taskId)));
    const source = await this.reading.fetch(run);
    try {
      const known = await this.knownResult(run, source);
      if (known) return completed(known);
      const document = await this.reading.extract(run, source);
      return completed(await this.store(run, submission, source, document));
    } finally {
      await source.dispose();
    }
  }

  /** The same bytes were read in the same way before: everything is there already. */
  private async knownResult(
    { scope, payload, log }: Run,
    source: FetchedSource,
  ): Promise<DocumentResult | null> {
    const row = await this.documents.find(scope, payload.document_id);
    if (!row?.processedAt || row.recipe !== recipeOf(payload, source, this.embedder.model)) return null;
    log('unchanged', { sha256: source.sha256 });
    return {
      document_id: row.documentId,
      content_type: row.contentType ?? '',
      size_bytes: Number(row.sizeBytes),
      sha256: source.sha256,
      title: row.title,
      pages: row.pages ?? 0,
      characters: row.characters ?? 0,
      chunks: row.chunks ?? 0,
      warnings: row.warnings as DocumentResult['warnings'],
      unchanged: true,
      superseded: false,
    };
  }

  private async store(
    run: Run,
    submission: number,
    source: FetchedSource,
    document: ExtractedDocument,
  ): Promise<DocumentResult> {
    const { scope, payload } = run;
    run.log('chunking');
    const chunks = chunkDocument(document.pages);
    const vectors = await this.embed(run, chunks, document.title);
    const text = documentText(document.pages);
    run.progress(0.9, 'storing');
    run.log('storing', { chunks: chunks.length });
    const facts: DocumentResult = {
      document_id: payload.document_id,
      content_type: document.contentType,
      size_bytes: source.sizeBytes,
      sha256: source.sha256,
      title: document.title ?? null,
      pages: document.pages.length,
      characters: text.length,
      chunks: chunks.length,
      warnings: document.warnings,
      unchanged: false,
      superseded: false,
    };
    const generation = newId();
    const recipe = recipeOf(payload, source, this.embedder.model);
    const collection = await this.index.collection();
    const stored = await run.effects(async (tx) => {
      if (!(await this.documents.isNewest(tx, scope, payload.document_id, submission))) return false;
      await this.index.replace(tx, scope, {
        collection,
        payload,
        contentType: facts.content_type,
        generation,
        chunks,
        vectors,
      });
      await this.documents.save(tx, scope, { facts, generation, recipe, text, chunks });
      return true;
    });
    if (!stored) run.log('superseded', { submission });
    return { ...facts, superseded: !stored };
  }

  private async embed(
    run: Run,
    chunks: readonly Chunk[],
    title: string | undefined,
  ): Promise<Float32Array[]> {
    run.log('embedding', { chunks: chunks.length });
    const vectors: Float32Array[] = [];
    for (let at = 0; at < chunks.length; at += EMBED_BATCH) {
      const batch = chunks.slice(at, at + EMBED_BATCH).map((chunk) => embeddingText(chunk, title));
      vectors.push(...(await this.embedder.embed(batch, { signal: run.signal })));
      run.progress(
        0.4 + (0.5 * vectors.length) / chunks.length,
        `embedded ${vectors.length} of ${chunks.length} chunks`,
      );
    }
    return vectors;
  }
}

/** All that decides what a run leaves behind, as a hash. */
function recipeOf(
  { submission: _submission, r2_key: _key, source_url: _url, ...payload }: Run['payload'],
  source: FetchedSource,
  model: string,
): string {
  return createHash('sha256')
    .update(JSON.stringify([payload, source.sha256, model]))
    .digest('hex');
}
