import { createHash } from 'node:crypto';
import type { ExtractedDocument } from '../engines/extraction/extracted-document.js';
import { newId } from '../kernel/ids.js';
import type { FetchedSource } from '../storage/source-reader.js';
import { Handles, type TaskHandler, type TaskRun } from '../tasks/task-handler.js';
import { completed } from '../tasks/task-outcome.js';
import { chunkDocument, documentText } from './document-chunker.js';
import { DocumentIndex, type IndexedFacts } from './document-index.js';
import { languageOf } from './document-language.adapter.js';
import { DocumentReading } from './document-reading.js';
import type { DocumentResult } from './documents.contract.js';
import { DocumentsRepository, type ProcessedDocument } from './documents.repository.js';
import { ProcessDocument } from './process-document.task.js';

type Run = TaskRun<typeof ProcessDocument>;

/** Bytes in, searchable text out; run twice, it leaves the same rows and vectors. */
@Handles(ProcessDocument)
export class ProcessDocumentHandler implements TaskHandler<typeof ProcessDocument> {
  constructor(
    private readonly reading: DocumentReading,
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
    if (!row?.processedAt || !this.recipesOf(payload, source).includes(row.recipe)) return null;
    log('unchanged', { sha256: source.sha256 });
    return {
      document_id: row.documentId,
      content_type: row.contentType ?? '',
      size_bytes: Number(row.sizeBytes),
      sha256: source.sha256,
      title: row.title,
      language: row.language,
      pages: row.pages ?? 0,
      characters: row.characters ?? 0,
      chunks: row.chunks ?? 0,
      warnings: row.warnings as DocumentResult['warnings'],
      unchanged: true,
      superseded: false,
    };
  }

  /** Of a document without scanned pages, and of one that has some. */
  private recipesOf(payload: Run['payload'], source: FetchedSource): Array<string | null> {
    return [recipeOf(payload, source), recipeOf(payload, source, this.reading.scanReader)];
  }

  private async store(
    run: Run,
    submission: number,
    source: FetchedSource,
    document: ExtractedDocument,
  ): Promise<DocumentResult> {
    const { payload } = run;
    run.log('chunking');
    const chunks = chunkDocument(document.pages);
    const text = documentText(document.pages);
    const facts: DocumentResult = {
      document_id: payload.document_id,
      content_type: document.contentType,
      size_bytes: source.sizeBytes,
      sha256: source.sha256,
      title: document.title ?? null,
      language: languageOf(text),
      pages: document.pages.length,
      characters: text.length,
      chunks: chunks.length,
      warnings: document.warnings,
      unchanged: false,
      superseded: false,
    };
    const generation = newId();
    const recipe = document.ocr?.isPartial ? null : recipeOf(payload, source, document.ocr?.reader);
    const stored = await this.write(run, submission, { facts, generation, recipe, text, chunks });
    if (!stored) run.log('superseded', { submission });
    return { ...facts, superseded: !stored };
  }

  /** @returns `false` when a newer submission exists, or the document was deleted */
  private async write(run: Run, submission: number, document: ProcessedDocument): Promise<boolean> {
    const { scope, payload } = run;
    const { facts, generation, chunks } = document;
    run.log('embedding', { chunks: chunks.length });
    for (;;) {
      const plan = await this.index.plan();
      const models = plan.targets.map(({ model }) => model);
      const vectors = await this.index.embed(
        models,
        { chunks, title: facts.title },
        {
          signal: run.signal,
          onProgress: (done, total) =>
            run.progress(0.4 + (0.5 * done) / total, `embedded ${done} of ${total} chunks`),
        },
      );
      run.progress(0.9, 'storing');
      run.log('storing', { chunks: chunks.length });
      const indexed = {
        documentId: payload.document_id,
        facts: indexedFacts(run, facts),
        generation,
        chunks,
        vectors,
      };
      const outcome = await run.effects(async (tx) => {
        if (!(await this.documents.isNewest(tx, scope, payload.document_id, submission))) return 'superseded';
        if (!(await this.index.replace(tx, scope, plan, indexed))) return 'another collection serves';
        await this.documents.save(tx, scope, document);
        return 'stored';
      });
      if (outcome !== 'another collection serves') return outcome === 'stored';
    }
  }
}

function indexedFacts({ payload }: Run, { content_type, language }: DocumentResult): IndexedFacts {
  return {
    userId: payload.user_id ?? null,
    contentType: content_type,
    language,
    metadata: payload.metadata ?? {},
  };
}

/**
 * All that decides what a run leaves behind, as a hash.
 * @param scanReader of a document that has scanned pages: others do not care who would have read them
 */
function recipeOf(
  { submission: _submission, r2_key: _key, source_url: _url, ...payload }: Run['payload'],
  source: FetchedSource,
  scanReader?: string,
): string {
  return createHash('sha256')
    .update(JSON.stringify([payload, source.sha256, ...(scanReader ? [scanReader] : [])]))
    .digest('hex');
}
