import { z } from 'zod';
import { FAULT_CODES, type FaultCode } from '../kernel/fault-codes.js';
import type { Fault } from '../kernel/fault.js';

export const PROBLEM_TYPE = 'application/problem+json';

/** Seconds for a caller to wait when the fault itself does not say. */
const DEFAULT_RETRY_AFTER_SECONDS = 5;

const codes = Object.keys(FAULT_CODES) as [FaultCode, ...FaultCode[]];

/** RFC 9457 with a stable `code`, the request's id and, for bad input, every fault found in it. */
export const Problem = z
  .object({
    type: z.string().describe('A URN made of the code'),
    title: z.string().describe('The same for every problem of this code'),
    status: z.int(),
    detail: z.string().describe('What is wrong this time, the limit, and the fix'),
    code: z.enum(codes).describe('Stable; decide by this'),
    request_id: z.string().describe('Also in the header X-Request-Id and in the logs'),
    errors: z
      .array(z.object({ path: z.string(), message: z.string() }))
      .optional()
      .describe('Every fault found in the input'),
  })
  .meta({ id: 'Problem', description: `RFC 9457 problem details.\n\n${faultTable()}` });

export type Problem = z.output<typeof Problem>;

export function problemOf(fault: Fault, requestId: string): Problem & Record<string, unknown> {
  return {
    ...fault.options.extensions,
    ...headOf(fault.code),
    detail: fault.detail,
    request_id: requestId,
    ...(fault.options.errors ? { errors: [...fault.options.errors] } : {}),
  };
}

/** The members that every problem of a code shares. */
export function headOf(code: FaultCode) {
  const { title, status } = FAULT_CODES[code];
  return { type: `urn:intake:fault:${code}`, title, status, code };
}

/** The value of `Retry-After`, or `undefined` when it has no place in this answer. */
export function retryAfterOf(fault: Fault): number | undefined {
  const asked = fault.options.retryAfterSeconds;
  if (asked !== undefined) return Math.max(1, Math.ceil(asked));
  return fault.status === 429 || fault.status === 503 ? DEFAULT_RETRY_AFTER_SECONDS : undefined;
}

/** The registry of codes, where readers of the document look for it. */
function faultTable(): string {
  const rows = Object.entries(FAULT_CODES).map(
    ([code, { status, title, retryable }]) =>
      `| \`${code}\` | ${status} | ${title} | ${retryable ? 'yes' : 'no'} |`,
  );
  return ['| code | status | meaning | trying again can help |', '|---|---|---|---|', ...rows].join('\n');
}
