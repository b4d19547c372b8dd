import { Readable, Transform, pipeline } from 'node:stream';
import { applyDecorators } from '@nestjs/common';
import { ApiBody, ApiConsumes } from '@nestjs/swagger';
import type { Multipart, MultipartFile } from '@fastify/multipart';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { Fault } from '../kernel/fault.js';
import { ignoring } from '../telemetry/ignoring.js';

const MAX_FIELDS = 64;
const MAX_FIELD_BYTES = 256 * 1_024;
/** What a form's own text may add to the size of its file. */
const FORM_OVERHEAD_BYTES = 1024 * 1_024;

export interface UploadedFile {
  /** As the client calls it: any text up to a few thousand characters; never part of a path. */
  readonly fileName: string;
  /** As the client claims it. */
  readonly contentType: string;
  readonly stream: Readable;
}

/** Where an upload goes. Fields may follow the file in a form, so the file is stored before they are known. */
export interface UploadSink<Stored> {
  /** Reads the stream to its end, or throws; the stream fails when the file is too large or the caller leaves. */
  write(file: UploadedFile): Promise<Stored>;
  /** Removes what was stored when the rest of the form turns out bad. */
  discard(stored: Stored): Promise<void>;
}

/**
 * Reads a form with one file, in the part `file`, without holding it in memory.
 * @param maxBytes of the file
 * @returns the form's other fields as text, and what the sink made of the file
 * @throws Fault request.too_large, request.invalid, request.malformed, request.unsupported_media_type
 */
export async function readUpload<Stored>(
  request: FastifyRequest,
  maxBytes: number,
  sink: UploadSink<Stored>,
) {
  if (!request.isMultipart()) {
    throw new Fault('request.unsupported_media_type', 'Send a form: `Content-Type: multipart/form-data`.');
  }
  if (Number(request.headers['content-length']) > maxBytes + FORM_OVERHEAD_BYTES) throw tooLarge(maxBytes);
  const fields = new Map<string, string>();
  let file: { stored: Stored } | undefined;
  try {
    for await (const part of partsOf(request)) {
      if (part.type === 'file') file = { stored: await store(part, maxBytes, sink) };
      else addField(fields, part);
    }
  } catch (error) {
    if (file) await ignoring(sink.discard(file.stored), 'could not remove the file of a refused form');
    throw formFault(error);
  }
  if (!file) throw invalid('file', 'is missing; send the file as the part `file`');
  return { fields: Object.fromEntries(fields), file: file.stored };
}

/** Documents a form of one file and these fields. */
export function UploadBody(fields: z.ZodObject): MethodDecorator {
  const { properties, required = [] } = z.toJSONSchema(fields, { target: 'openapi-3.0', io: 'input' });
  const file = { type: 'string', format: 'binary' };
  const schema = { type: 'object', properties: { file, ...properties }, required: ['file', ...required] };
  return applyDecorators(ApiConsumes('multipart/form-data'), ApiBody({ schema: schema as object }));
}

/** Documents a call that takes JSON, or a form with a file and the same fields as text. */
export function UploadOrJsonBody(fields: z.ZodObject): MethodDecorator {
  const { properties } = z.toJSONSchema(fields, { target: 'openapi-3.0', io: 'input' });
  const file = { type: 'string', format: 'binary', description: 'In a form only' };
  const schema = { type: 'object', properties: { ...properties, file } };
  const examples = (fields.meta()?.examples ?? []) as object[];
  return applyDecorators(
    ApiConsumes('application/json', 'multipart/form-data'),
    ApiBody({ schema: { ...schema, example: examples[0] } as object }),
  );
}

function partsOf(request: FastifyRequest): AsyncIterable<Multipart> {
  const limits = { files: 1, fields: MAX_FIELDS, fieldSize: MAX_FIELD_BYTES, fileSize: Infinity };
  return request.parts({ limits, defParamCharset: 'utf8' } as object);
}

async function store<Stored>(
  part: MultipartFile,
  maxBytes: number,
  sink: UploadSink<Stored>,
): Promise<Stored> {
  if (part.fieldname !== 'file')
    throw invalid(part.fieldname, 'is not known here; send the file as the part `file`');
  const stream = pipeline(part.file, limiter(maxBytes), () => {});
  try {
    return await sink.write({ fileName: part.filename, contentType: part.mimetype, stream });
  } finally {
    stream.destroy();
  }
}

/** Passes bytes on and fails with the fault as soon as there are too many. */
function limiter(maxBytes: number): Transform {
  let seenBytes = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      seenBytes += chunk.length;
      if (seenBytes > maxBytes) done(tooLarge(maxBytes));
      else done(null, chunk);
    },
  });
}

function addField(fields: Map<string, string>, part: Exclude<Multipart, MultipartFile>): void {
  const { fieldname, value, valueTruncated } = part;
  if (valueTruncated) throw invalid(fieldname, `must have at most ${MAX_FIELD_BYTES} bytes`);
  if (fields.has(fieldname)) throw invalid(fieldname, 'is there twice; send it once');
  fields.set(fieldname, typeof value === 'string' ? value : JSON.stringify(value));
}

function formFault(error: unknown): unknown {
  const { code } = error as { code?: string };
  if (code === 'FST_FILES_LIMIT') return invalid('file', 'is there twice; send one file in a form');
  if (code === 'FST_FIELDS_LIMIT' || code === 'FST_PARTS_LIMIT')
    return invalid('', `must have at most ${MAX_FIELDS} fields`);
  if (error instanceof Error && /multipart|Part terminated|boundary/i.test(error.message)) {
    return new Fault('request.malformed', 'The form is cut off or not multipart/form-data.', {
      cause: error,
    });
  }
  return error;
}

function tooLarge(maxBytes: number): Fault {
  return new Fault('request.too_large', `The file may have at most ${maxBytes} bytes (UPLOAD_MAX_BYTES).`);
}

function invalid(path: string, message: string): Fault {
  return new Fault('request.invalid', 'The form is not valid. See `errors`.', {
    errors: [{ path, message }],
  });
}
