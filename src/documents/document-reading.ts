import { Injectable } from '@nestjs/common';
import { Config } from '../config/config.js';
import type { ExtractedDocument } from '../engines/extraction/extracted-document.js';
import { TextExtractor } from '../engines/extraction/text-extractor.js';
import { naming } from '../kernel/fault.js';
import { SourcePolicy } from '../storage/source-policy.js';
import { SourceReader, type FetchedSource } from '../storage/source-reader.js';
import type { TaskRun } from '../tasks/task-handler.js';
import { fieldOf, sourceOf } from './document-source.js';
import type { ProcessDocument } from './process-document.task.js';

type Run = TaskRun<typeof ProcessDocument>;

/** From where a document lies to pages of text. */
@Injectable()
export class DocumentReading {
  constructor(
    private readonly policy: SourcePolicy,
    private readonly sources: SourceReader,
    private readonly extractor: TextExtractor,
    private readonly config: Config,
  ) {}

  /** Names who reads scanned pages: another one may read differently. */
  get scanReader(): string {
    return this.extractor.scanReader;
  }

  async fetch({ scope, payload, signal, log, progress }: Run): Promise<FetchedSource> {
    const { r2_key, source_url } = payload;
    progress(0, 'fetching');
    log('fetching', source_url === undefined ? { key: r2_key ?? '' } : { host: new URL(source_url).host });
    const from = sourceOf(this.policy, scope, payload);
    const limits = { maxBytes: this.config.uploadMaxBytes, signal };
    const source = await naming(fieldOf(payload), this.sources.fetch(from, limits), signal);
    log('fetched', { bytes: source.sizeBytes, sha256: source.sha256 });
    return source;
  }

  async extract(
    { payload, signal, log, progress }: Run,
    { path, contentType }: FetchedSource,
  ): Promise<ExtractedDocument> {
    progress(0.1, 'extracting');
    log('extracting');
    const file = { path, fileName: payload.file_name, declaredType: payload.content_type ?? contentType };
    const onScan = (done: number, all: number) =>
      progress(0.1 + (0.3 * done) / all, `read ${done} of ${all} scanned pages`);
    const extracting = this.extractor.extract(file, { signal, onScan });
    const document = await naming(fieldOf(payload), extracting, signal);
    log('extracted', {
      content_type: document.contentType,
      pages: document.pages.length,
      warnings: document.warnings.length,
    });
    return document;
  }
}
