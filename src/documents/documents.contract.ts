import { z } from 'zod';
import { fromJsonText, fromNumberText } from '../kernel/form-text.js';
import { AcceptedTask, ClientId, Metadata, TaskOptions, TaskStatusName } from '../tasks/tasks.contract.js';

const FileName = z.string().min(1).max(1_024);
const StorageKey = z
  .string()
  .min(1)
  .max(1_100)
  .describe('A key below the storage root, or s3://bucket/key of a bucket that may be read');
const SourceUrl = z.string().min(1).max(4_096).describe('http or https; fetched by the worker');

const ALIASES = { file_path: 'r2_key', filename: 'file_name', file_type: 'content_type' } as const;

const DocumentFields = TaskOptions.extend({
  document_id: ClientId,
  user_id: ClientId,
  file_name: FileName.optional(),
  filename: FileName.optional(),
  content_type: z.string().max(255).optional(),
  file_type: z.string().max(255).optional(),
  file_size: z.coerce.number().int().min(0).optional(),
  metadata: Metadata.optional(),
});

/** Fields of an upload: form text, so `metadata` and `priority` come as text too. */
export const UploadFields = DocumentFields.extend({
  priority: z.preprocess(fromNumberText, TaskOptions.shape.priority),
  metadata: z.preprocess(fromJsonText, Metadata.optional()),
})
  .superRefine(refuseContradictions)
  .meta({
    examples: [
      {
        document_id: 'handbook',
        user_id: '7',
        file_name: 'handbook.pdf',
        metadata: { department: 'hr' },
        priority: 'high',
      },
    ],
  });

/** What a document is called and where it lies: in the storage, in a bucket, or behind a URL. */
export const ProcessDocument = DocumentFields.extend({
  r2_key: StorageKey.optional(),
  file_path: StorageKey.optional(),
  source_url: SourceUrl.optional(),
})
  .superRefine(
    (request, context) => {
      refuseContradictions(request, context);
      refuseOtherThanOnePlace({ ...request, r2_key: request.r2_key ?? request.file_path }, context);
      if (request.file_name === undefined && request.filename === undefined)
        issue(context, 'file_name', 'is missing; it is required');
    },
    // Beside the faults of single members, not only when there are none.
    { when: ({ value }) => typeof value === 'object' && value !== null && !Array.isArray(value) },
  )
  .meta({
    id: 'ProcessDocument',
    examples: [
      {
        document_id: 'handbook',
        user_id: '7',
        file_name: 'handbook.pdf',
        r2_key: 'inbox/handbook.pdf',
        priority: 'high',
      },
      { document_id: 'scan-12', user_id: '7', file_name: 'scan.pdf', r2_key: 's3://scans/2026/scan-12.pdf' },
      {
        document_id: 'terms',
        user_id: '7',
        file_name: 'terms.html',
        source_url: 'https://www.example.com/terms.html',
      },
    ],
  });
export type ProcessDocument = z.output<typeof ProcessDocument>;
export type UploadFields = z.output<typeof UploadFields>;

export const AcceptedDocument = AcceptedTask.extend({ document_id: z.string() }).meta({
  id: 'AcceptedDocument',
  examples: ((AcceptedTask.meta()?.examples ?? []) as object[]).map((example) => ({
    ...example,
    document_id: 'handbook',
  })),
});

/** The payload of `documents.process`. */
export const DocumentPayload = z
  .object({
    document_id: ClientId,
    user_id: ClientId.optional(),
    file_name: FileName,
    r2_key: StorageKey.optional(),
    source_url: SourceUrl.optional(),
    content_type: z.string().max(255).optional(),
    metadata: Metadata.optional(),
    /** Set by the documents routes; a task submitted without it registers when it runs. */
    submission: z.number().int().optional(),
  })
  .superRefine(refuseOtherThanOnePlace);
export type DocumentPayload = z.output<typeof DocumentPayload>;

const Warning = z.object({ code: z.string(), detail: z.string(), page: z.int().optional() });

export const DocumentResult = z.object({
  document_id: z.string(),
  content_type: z.string(),
  size_bytes: z.int(),
  sha256: z.string(),
  title: z.string().nullable(),
  /** BCP 47; `null` when it cannot be told. */
  language: z.string().nullable().default(null),
  pages: z.int(),
  characters: z.int(),
  chunks: z.int(),
  warnings: z.array(Warning),
  /** The same bytes were processed before: nothing was done again. */
  unchanged: z.boolean(),
  /** A newer submission of the same document exists: nothing was stored. */
  superseded: z.boolean(),
});
export type DocumentResult = z.output<typeof DocumentResult>;

const DOCUMENT_EXAMPLE = {
  document_id: 'handbook',
  user_id: '7',
  file_name: 'handbook.pdf',
  status: 'completed' as const,
  task_id: '01990f2e-5b6c-7d10-9a55-0c2f6d1b7a10',
  content_type: 'application/pdf',
  size_bytes: 20480,
  sha256: 'b5bb9d8014a0f9b1d61e21e796d78dccdf1352f23cd32812f4850b878ae4944c',
  title: 'Operations handbook',
  language: 'en',
  pages: 3,
  characters: 5120,
  chunks: 14,
  warnings: [],
  metadata: { department: 'hr' },
  r2_key: 'inbox/handbook.pdf',
  source_url: null,
  created_at: '2026-11-20T10:15:00.000Z',
  processed_at: '2026-11-20T10:15:01.000Z',
  links: { self: '/api/documents/handbook' },
};

const CHUNK_EXAMPLE = {
  ordinal: 3,
  page: 1,
  start_offset: 1210,
  end_offset: 1274,
  heading: 'Leave',
  text: 'Everyone has twenty-eight days of leave a year, taken by April.',
};

export const DocumentView = z
  .object({
    document_id: z.string(),
    user_id: z.string().nullable(),
    file_name: z.string(),
    status: TaskStatusName.nullable(),
    task_id: z.uuid(),
    content_type: z.string().nullable(),
    size_bytes: z.int().nullable(),
    sha256: z.string().nullable(),
    title: z.string().nullable(),
    /** BCP 47; `null` when it cannot be told. */
    language: z.string().nullable(),
    pages: z.int().nullable(),
    characters: z.int().nullable(),
    chunks: z.int().nullable(),
    warnings: z.array(Warning),
    metadata: Metadata,
    r2_key: z.string().nullable(),
    source_url: z.string().nullable(),
    created_at: z.iso.datetime(),
    processed_at: z.iso.datetime().nullable(),
    links: z.record(z.string(), z.string()),
  })
  .meta({ id: 'Document', examples: [DOCUMENT_EXAMPLE] });

export const ChunkView = z
  .object({
    ordinal: z.int(),
    page: z.int(),
    start_offset: z.int(),
    end_offset: z.int(),
    heading: z.string().nullable(),
    text: z.string(),
  })
  .meta({ id: 'Chunk', examples: [CHUNK_EXAMPLE] });

export const SearchDocuments = z
  .strictObject({
    query: z.string().trim().min(1).max(2_000),
    limit: z.number().int().min(1).max(100).default(10),
    filter: z
      .strictObject({
        document_id: ClientId.optional(),
        user_id: ClientId.optional(),
        content_type: z.string().optional(),
        language: z.string().optional(),
        metadata: Metadata.optional(),
      })
      .default({}),
  })
  .meta({ id: 'SearchDocuments', examples: [{ query: 'How many days of leave do I get?', limit: 5 }] });
export type SearchDocuments = z.output<typeof SearchDocuments>;

const HIT_EXAMPLE = { ...CHUNK_EXAMPLE, document_id: 'handbook', file_name: 'handbook.pdf', score: 0.61 };

export const SearchHit = ChunkView.extend({
  document_id: z.string(),
  file_name: z.string(),
  /** How near in meaning: comparable within one answer, higher is nearer, at most 1. */
  score: z.number(),
}).meta({ id: 'SearchHit', examples: [HIT_EXAMPLE] });

export const SearchResults = z
  .object({ query: z.string(), model: z.string(), hits: z.array(SearchHit) })
  .meta({
    id: 'SearchResults',
    examples: [{ query: 'How many days of leave do I get?', model: 'use-lite-en-v1', hits: [HIT_EXAMPLE] }],
  });

type Issues = z.core.$RefinementCtx;

/** Two names of one thing that say different things. */
function refuseContradictions(request: Readonly<Record<string, unknown>>, context: Issues): void {
  for (const [alias, name] of Object.entries(ALIASES)) {
    const [given, named] = [request[alias], request[name]];
    if (given !== undefined && named !== undefined && given !== named)
      issue(context, alias, `says something else than ${name}; send one of them`);
  }
}

function refuseOtherThanOnePlace(
  { r2_key, source_url }: { r2_key?: string; source_url?: string },
  context: Issues,
): void {
  if (r2_key === undefined && source_url === undefined)
    issue(context, 'r2_key', 'is missing; it is required, or source_url in its place');
  if (r2_key !== undefined && source_url !== undefined)
    issue(context, 'source_url', 'is set beside r2_key; send one of them');
}

function issue(context: Issues, field: string, message: string): void {
  context.addIssue({ code: 'custom', path: [field], message });
}
