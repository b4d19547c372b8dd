import { STATUS_CODES } from 'node:http';
import type { OpenAPIObject } from '@nestjs/swagger';
import { FAULT_CODES, type FaultCode } from '../kernel/fault-codes.js';
import { schemaConverter } from './openapi-schemas.js';
import { PROBLEM_TYPE, Problem, headOf } from './problem.js';
import { FAULTS_EXTENSION } from './returns.decorator.js';

type Operation = NonNullable<OpenAPIObject['paths'][string]['get']> & { [FAULTS_EXTENSION]?: FaultCode[] };

const OF_EVERY_CALL: FaultCode[] = ['internal', 'database.unavailable'];
const OF_INPUT: FaultCode[] = ['request.invalid'];
const OF_A_BODY: FaultCode[] = ['request.malformed', 'request.too_large', 'request.unsupported_media_type'];

/** Adds to every operation the problems that it can answer, by status, with an example for each code. */
export function documentFaults(document: OpenAPIObject): OpenAPIObject {
  for (const [path, item] of Object.entries(document.paths)) {
    if (!path.startsWith('/api/')) continue;
    for (const operation of Object.values(item) as Operation[]) addFaults(operation);
  }
  const problem = schemaConverter(Problem, { schemaType: 'output' }) as { components: object };
  document.components = {
    ...document.components,
    schemas: { ...document.components?.schemas, ...problem.components },
  };
  return document;
}

function addFaults(operation: Operation): void {
  const codes = [...new Set([...(operation[FAULTS_EXTENSION] ?? []), ...impliedBy(operation)])].toSorted();
  for (const status of new Set(codes.map(statusOf))) {
    const ofStatus = codes.filter((code) => statusOf(code) === status);
    operation.responses[status] = problemResponse(status, ofStatus);
  }
  operation[FAULTS_EXTENSION] = codes;
}

function statusOf(code: FaultCode): number {
  return FAULT_CODES[code].status;
}

function impliedBy({ requestBody, parameters = [] }: Operation): FaultCode[] {
  if (requestBody) return [...OF_EVERY_CALL, ...OF_INPUT, ...OF_A_BODY];
  return parameters.length > 0 ? [...OF_EVERY_CALL, ...OF_INPUT] : OF_EVERY_CALL;
}

function problemResponse(status: number, codes: FaultCode[]) {
  const examples = Object.fromEntries(codes.map((code) => [code, { value: exampleOf(code) }]));
  const schema = { $ref: '#/components/schemas/Problem' };
  const description = `${STATUS_CODES[status]}: ${codes.map((code) => `\`${code}\``).join(', ')}`;
  return { description, content: { [PROBLEM_TYPE]: { schema, examples } } };
}

function exampleOf(code: FaultCode): Problem {
  const { title } = FAULT_CODES[code];
  const errors =
    code === 'request.invalid' ? { errors: [{ path: 'priority', message: 'must be at most 9' }] } : {};
  return {
    ...headOf(code),
    detail: `${title}.`,
    request_id: '019a8d2e-5f00-7c4e-9b7d-3f2a1c5e8b90',
    ...errors,
  };
}
