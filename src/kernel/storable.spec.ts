import { describe, expect, it } from 'vitest';
import { MAX_JSON_DEPTH, storableText, toStorable, unstorable } from './storable.js';

describe('storable', () => {
  it('names every place that Postgres could not hold', () => {
    const value = { a: ['x\0'], 'b\0': 1, c: '\udc00', d: Number.POSITIVE_INFINITY, e: 1n, f: '😀' };
    expect(unstorable(value, 'payload').map(({ path }) => path)).toEqual([
      'payload.a.0',
      'payload.b\0',
      'payload.c',
      'payload.d',
      'payload.e',
    ]);
  });

  it('takes what JSON can carry as it is', () => {
    const value = { a: [null, true, -1.5e300, 'ü😀'], b: {} };
    expect(unstorable(value)).toEqual([]);
    expect(toStorable(value)).toEqual(value);
    expect(storableText('ü😀')).toBe('ü😀');
  });

  it('cleans texts, and says why a value has none', () => {
    const circular: Record<string, unknown> = {};
    circular['self'] = circular;
    let deep: unknown = 'x';
    for (let at = 0; at <= MAX_JSON_DEPTH; at += 1) deep = [deep];
    expect(toStorable({ a: ['b\0c', '\ud800d'] })).toEqual({ a: ['bc', '\ufffdd'] });
    expect(toStorable(undefined)).toBeNull();
    expect(toStorable(circular)).toMatch(/no JSON form/);
    expect(toStorable(deep)).toMatch(/deeper/);
    expect(toStorable({ 'a\0': 1 })).not.toContain('\0');
  });
});
