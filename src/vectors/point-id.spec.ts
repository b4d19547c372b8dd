import { expect, it } from 'vitest';
import { pointId, uuidV5 } from './point-id.js';

const DNS = '6ba7b810-9dad-11d1-80b4-00c04fd430c8';
const parts = { collection: 'c', tenantId: 't', source: 's', id: '1', generation: 'g' };

it('is the version 5 of the standard', () => {
  expect(uuidV5('www.example.com', DNS)).toBe('2ed6657d-e927-568b-95e1-2665a8aea6a2');
});

it('is the same for the same point, and another one for each part that differs', () => {
  expect(pointId(parts)).toBe(pointId({ ...parts }));
  const others = Object.keys(parts).map((part) => pointId({ ...parts, [part]: 'x' }));
  expect(new Set([pointId(parts), ...others]).size).toBe(6);
});

it('does not confuse where one part ends and the next begins', () => {
  expect(pointId({ ...parts, source: 'a', id: 'bc' })).not.toBe(pointId({ ...parts, source: 'ab', id: 'c' }));
});
