import { type ArgumentMetadata, Injectable, type PipeTransform } from '@nestjs/common';
import { z } from 'zod';
import { Fault, type FieldError } from '../kernel/fault.js';
import { unstorable } from '../kernel/storable.js';
import { wording } from './wording.js';

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

/** What a submit judges by itself. */
const OF_A_PAYLOAD = /^(tasks\.\d+\.)?payload(\.|$)/;

/**
 * Checks a value from outside against its schema.
 * @param at where the value stands in the request, put before every path
 * @throws Fault request.invalid naming every fault with its path, its limit and the fix
 */
export function parse<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  at: Path = [],
): z.output<Schema> {
  const parsed = schema.safeParse(value, { error: wording });
  if (!parsed.success) throw invalid(parsed.error.issues.flatMap((issue) => faultsOf(issue, at)));
  return parsed.data;
}

/**
 * Checks what a request carries, its characters first: no query of ours can hold a NUL or half a character. What lies in
 * a `payload` is left to the submit, which refuses it under a code of its own.
 * @throws Fault request.invalid, as {@link parse}
 */
export function parseRequest<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  at: Path = [],
): z.output<Schema> {
  refuseOddText(value, at);
  return parse(schema, value, at);
}

/** Validates every `@Body`, `@Query` and `@Param`: its characters always, its shape when it names a schema. */
@Injectable()
export class RequestPipe implements PipeTransform {
  transform(value: unknown, { schema, type, data }: ArgumentMetadata): unknown {
    if (type === 'custom') return value;
    const at = data ? [data] : [];
    if (schema) return parseRequest(schema as unknown as z.ZodType, value, at);
    refuseOddText(value, at);
    return value;
  }
}

function refuseOddText(value: unknown, at: Path): void {
  const errors = unstorable(value, dotted(at)).filter(({ path }) => !OF_A_PAYLOAD.test(path));
  if (errors.length > 0) throw invalid(errors);
}

function invalid(errors: FieldError[]): Fault {
  const detail = errors.length === 1 ? 'One value is not valid.' : `${errors.length} values are not valid.`;
  return new Fault('request.invalid', `${detail} See \`errors\`.`, { errors });
}

/** One issue can hold several faults: each unknown key, each fault of the branch of a union that was meant. */
function faultsOf(issue: Issue, at: Path): FieldError[] {
  const path = [...at, ...issue.path];
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      path: dotted([...path, key]),
      message: 'is not known here; remove it or check its spelling',
    }));
  }
  if (issue.code === 'invalid_union' && issue.errors.length > 0) return unionFaults(issue.errors, path);
  return [{ path: dotted(path), message: issue.message }];
}

/** A branch that fails on the value's own type was not the one that the caller meant. */
function unionFaults(branches: readonly (readonly Issue[])[], path: Path): FieldError[] {
  const meant = branches.filter((issues) => !issues.some(isTypeOfWhole));
  const [only] = meant.length > 0 ? meant.toSorted((a, b) => a.length - b.length) : [];
  if (only) return only.flatMap((issue) => faultsOf(issue, path));
  const [first = '', ...others] = new Set(branches.flatMap((issues) => issues.map(({ message }) => message)));
  if (others.length === 0) return [{ path: dotted(path), message: first }];
  const wanted = [first, ...others].map((message) => message.replace(/^must be /, ''));
  return [{ path: dotted(path), message: `must be ${wanted.join(', or ')}` }];
}

function isTypeOfWhole(issue: Issue): boolean {
  return issue.path.length === 0 && (issue.code === 'invalid_type' || issue.code === 'invalid_value');
}

function dotted(path: Path): string {
  return path.map(String).join('.');
}
