import { STATUS_CODES } from 'node:http';
import { HttpCode, SerializeOptions, applyDecorators } from '@nestjs/common';
import { ApiExtension, ApiOperation, ApiResponse } from '@nestjs/swagger';
import type { z } from 'zod';
import type { FaultCode } from '../kernel/fault-codes.js';

export interface ReturnsOptions {
  /** One line in the list of operations. */
  summary: string;
  description?: string;
  /** Overrides the example that the schema carries in its `meta({ examples })`. */
  example?: unknown;
  /** Response headers by name, each with its meaning. */
  headers?: Readonly<Record<string, string>>;
  /** Other statuses that carry the same body, each with its meaning. */
  also?: Readonly<Record<number, string>>;
  /** Of an answer without a schema, such as a file. */
  contentType?: string;
}

type Handler<Schema extends z.ZodType | null> = (
  ...args: never[]
) => Schema extends z.ZodType ? z.input<Schema> | Promise<z.input<Schema>> : unknown;

/** The extension of an operation in the OpenAPI document that lists its fault codes. */
export const FAULTS_EXTENSION = 'x-fault-codes';

/**
 * What an operation answers: sets the HTTP status, the serialiser (what is not in the schema is stripped) and the
 * OpenAPI response in one place. The compiler checks that the method returns what the schema takes.
 * @param schema `null` for an answer without a body, or one that is no JSON
 */
export function Returns<Schema extends z.ZodType | null>(
  status: number,
  schema: Schema,
  options: ReturnsOptions,
) {
  const { summary, description, example, headers = {}, also = {}, contentType } = options;
  const body = schema
    ? { standardSchema: schema, ...(example === undefined ? {} : { example }) }
    : fileBody(contentType);
  const decorate = applyDecorators(
    HttpCode(status),
    SerializeOptions(schema ? { schema } : {}),
    ApiOperation({ summary, ...(description ? { description } : {}) }),
    ...Object.entries({ [status]: STATUS_CODES[status] ?? '', ...also }).map(([code, meaning]) =>
      ApiResponse({ status: Number(code), description: meaning, headers: documented(headers), ...body }),
    ),
  );
  return <Method extends Handler<Schema>>(
    target: object,
    key: string | symbol,
    descriptor: TypedPropertyDescriptor<Method>,
  ): void => decorate(target, key, descriptor);
}

/**
 * The faults that an operation can answer beyond those that every operation can; the document shows each with an
 * example. Once per method.
 */
export function Faults(...codes: FaultCode[]): MethodDecorator {
  return ApiExtension(FAULTS_EXTENSION, codes);
}

function fileBody(contentType: string | undefined) {
  if (!contentType) return {};
  return { content: { [contentType]: { schema: { type: 'string' as const, format: 'binary' } } } };
}

function documented(headers: Readonly<Record<string, string>>) {
  return Object.fromEntries(
    Object.entries(headers).map(([name, description]) => [
      name,
      { description, schema: { type: 'string' as const } },
    ]),
  );
}
