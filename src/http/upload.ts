import { Readable, Transform, pipeline } from 'node:stream';
import { applyDecorators } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiExtension, type OpenAPIObject } from '@nestjs/swagger';
import type { Multipart, MultipartFile } from '@fastify/multipart';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { Fault } from '../kernel/fault.js';
import { ignoring } from '../telemetry/ignoring.js';

const MAX_FIELDS = 64;
const MAX_FIELD_BYTES = 256 * 1_024;
/** What a form's own text may add to the size of its file. */
const FORM_OVERHEAD_BYTES = 1024 * 1_024;
const FORM_EXTENSION = 'x-form';

interface Operation {
  [FORM_EXTENSION]?: object;
  requestBody?: { content: Record<string, { schema: object }> };
}

type Fields = Map<string, string | string[]>;

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
 * @param lists fields that may come several times, as forms say a list
 * @returns the form's other fields as text, or a list of texts, without the empty ones, and what the sink made of the file
 * @throws Fault request.too_large, request.invalid, request.malformed, request.unsupported_media_type
 */
export async function readUpload<Stored>(
  request: FastifyRequest,
  maxBytes: number,
  sink: UploadSink<Stored>,
  lists: readonly string[] = [],
) {
  if (!request.isMultipart()) {
    throw new Fault('request.unsupported_media_type', 'Send a form: `Content-Type: multipart/form-data`.');
  }
  if (Number(request.headers['content-length']) > maxBytes + FORM_OVERHEAD_BYTES) throw tooLarge(maxBytes);
  const fields: Fields = new Map();
  let file: { stored: Stored } | undefined;
  try {
    for await (const part of partsOf(request)) {
      if (part.type === 'file') file = { stored: await store(part, maxBytes, sink) };
      else addField(fields, part, lists);
    }
  } catch (error) {
    if (file) await ignoring(sink.discard(file.stored), 'could not remove the file of a refused form');
    throw formFault(error);
  }
  if (!file) throw invalid('file', 'is missing; send the file as the part `file`');
  return { fields: Object.fromEntries(fields), file: file.stored };
}

/**
 * Documents a form of one file and these fields.
 * @param fields its first example is what Swagger UI fills in
 */
export function UploadBody(fields: z.ZodObject): MethodDecorator {
  return applyDecorators(
    ApiConsumes('multipart/form-data'),
    ApiBody({ schema: formSchema(fields, ['file']) as object }),
  );
}

/** Documents a call that takes JSON, or a form of one file and fields of its own. */
export function UploadOrJsonBody(json: z.ZodObject, fields: z.ZodObject): MethodDecorator {
  const { id: _, ...meta } = json.meta() ?? {};
  const { properties, required } = jsonSchemaOf(json.clone().meta(meta));
  const [example] = (meta['examples'] ?? []) as object[];
  const schema = { type: 'object', properties, required, example, additionalProperties: false };
  return applyDecorators(
    ApiBody({ schema: schema as object }),
    ApiExtension(FORM_EXTENSION, formSchema(fields, ['file'])),
  );
}

/** Shows the form beside the JSON of the calls that take either. */
export function documentForms(document: OpenAPIObject): OpenAPIObject {
  for (const item of Object.values(document.paths)) {
    for (const operation of Object.values(item) as Operation[]) {
      const { [FORM_EXTENSION]: schema, requestBody } = operation;
      if (schema && requestBody) requestBody.content['multipart/form-data'] = { schema };
      delete operation[FORM_EXTENSION];
    }
  }
  return document;
}

/** Swagger UI makes something up for a field without an example, and sends what is empty, which counts as not given. */
function formSchema(fields: z.ZodObject, files: readonly string[]) {
  const { properties = {}, required = [] } = jsonSchemaOf(fields);
  const [example = {}] = (fields.meta()?.['examples'] ?? []) as Array<Record<string, unknown>>;
  const shown = Object.entries(properties).map(([name, schema]) => [
    name,
    { ...(schema as object), example: example[name] ?? '' },
  ]);
  const binary = files.map((name) => [name, { type: 'string', format: 'binary' }]);
  return {
    type: 'object',
    properties: Object.fromEntries([...binary, ...shown]) as object,
    required: [...files, ...required],
  };
}

function jsonSchemaOf(fields: z.ZodObject) {
  return z.toJSONSchema(fields, { target: 'openapi-3.0', io: 'input' });
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

function addField(fields: Fields, part: Exclude<Multipart, MultipartFile>, lists: readonly string[]): void {
  const { fieldname, value, valueTruncated } = part;
  if (valueTruncated) throw invalid(fieldname, `must have at most ${MAX_FIELD_BYTES} bytes`);
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  // Browsers send what nobody filled in.
  if (text === '') return;
  const before = fields.get(fieldname);
  if (before !== undefined && !lists.includes(fieldname))
    throw invalid(fieldname, 'is there twice; send it once');
  fields.set(fieldname, before === undefined ? text : [before, text].flat());
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
