import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Fault } from '../kernel/fault.js';
import { parse } from './validation.js';

function faultsOf(schema: z.ZodType, value: unknown, at: string[] = []): string[] {
  try {
    parse(schema, value, at);
    return [];
  } catch (error) {
    expect(error).toBeInstanceOf(Fault);
    return ((error as Fault).options.errors ?? []).map(({ path, message }) => `${path}: ${message}`);
  }
}

describe('a fault says what is wrong, the limit and the fix', () => {
  const priority = z.union([
    z.number().int().min(0).max(9),
    z
      .string()
      .toLowerCase()
      .pipe(z.enum(['low', 'high'])),
  ]);

  it.each<[z.ZodType, unknown, string]>([
    [z.string(), undefined, 'is missing; it is required'],
    [z.string(), 3, 'must be a string'],
    [z.array(z.string()), 'a', 'must be a list'],
    [z.string().min(1), '', 'must have at least 1 character'],
    [z.array(z.int()).max(2), [1, 2, 3], 'must have at most 2 items'],
    [z.number().min(0), -1, 'must be at least 0'],
    [z.number().gt(0), 0, 'must be more than 0'],
    [z.coerce.number(), 'many', 'must be a number'],
    [z.boolean(), 'true', 'must be a boolean'],
    [z.literal(true), false, 'must be true'],
    [z.enum(['a', 'b']), 'c', 'must be one of "a", "b"'],
    [z.uuid(), 'x', 'must be a UUID'],
    [z.url(), 'x', 'must be an absolute URL such as https://example.org/path'],
    [z.string().regex(/^a/, 'must start with a'), 'b', 'must start with a'],
    [z.union([z.string(), z.number()]), true, 'must be a string, or a number'],
    [z.union([z.string(), z.number()]), undefined, 'is missing; it is required'],
    [priority, 12, 'must be at most 9'],
    [priority, 'hihg', 'must be a number, or one of "low", "high"'],
    [priority, null, 'must be a number, or a string'],
  ])('%#', (schema, value, message) => {
    expect(faultsOf(z.strictObject({ it: schema }), { it: value })).toEqual([`it: ${message}`]);
  });
});

it('a union reports the branch that was meant, every fault of it', () => {
  const source = z.union([z.string(), z.strictObject({ bucket: z.string(), key: z.string() })]);
  expect(faultsOf(z.strictObject({ source }), { source: { bucket: 1, kee: 'x' } })).toEqual([
    'source.bucket: must be a string',
    'source.key: is missing; it is required',
    'source.kee: is not known here; remove it or check its spelling',
  ]);
});

it('a discriminated union names the values that it knows', () => {
  const shape = z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('a') }),
    z.object({ kind: z.literal('b') }),
  ]);
  expect(faultsOf(shape, { kind: 'c' })[0]).toMatch(/^kind: .*'a'.*'b'/);
});

it('paths start where the value stands', () => {
  expect(faultsOf(z.array(z.object({ size: z.int() })), [{ size: 1 }, {}], ['tasks'])).toEqual([
    'tasks.1.size: is missing; it is required',
  ]);
});

it('a valid value comes back transformed', () => {
  expect(parse(z.object({ limit: z.coerce.number().default(5) }), {})).toEqual({ limit: 5 });
});
