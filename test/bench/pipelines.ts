import type { IntakeClient } from '../../src/client/intake-client.js';
import type { FileKind } from './pipeline-files.js';

export interface Pipeline {
  title: string;
  kind: FileKind;
  /** Files per run: a quarter of a minute of work for two idle cores at most. */
  files: number;
  /** Files before the clock starts: each kind once, for every process that has something to load. */
  warmUp: number;
  /** Hands files that lie in the storage to Intake. */
  submit: (client: IntakeClient, keys: readonly string[]) => Promise<unknown>;
}

/** Requests in flight at once. */
const CALLERS = 8;

export const PIPELINES: Record<string, Pipeline> = {
  documents: {
    title: 'documents: the samples that hold text, of eleven kinds: read, cut and embedded',
    kind: 'texts',
    files: 130,
    warmUp: 26,
    submit: processDocuments,
  },
  scans: {
    title: 'scanned documents: a PDF and a photograph of paper in turn: read by OCR, cut and embedded',
    kind: 'scans',
    files: 12,
    warmUp: 4,
    submit: processDocuments,
  },
  images: {
    title:
      'images: pictures of 1,200 x 900, JPEG, PNG and WebP in turn: read, made small, hashed and embedded',
    kind: 'pictures',
    files: 240,
    warmUp: 30,
    submit: (client, keys) =>
      client.queue.enqueueBatch({ tasks: keys.map((key) => ({ image_path: key, product_id: key })) }),
  },
};

async function processDocuments({ documents }: IntakeClient, keys: readonly string[]): Promise<void> {
  const next = keys.values();
  const caller = async () => {
    for (const key of next)
      await documents.process({
        r2_key: key,
        document_id: key,
        user_id: 'bench',
        filename: key.replace(/^.*\/\d+-/, ''),
      });
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
}
