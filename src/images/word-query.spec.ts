import { expect, it } from 'vitest';
import { wordQuery } from './word-query.js';

it.each([
  ['Copper kettle', 'copper:* | kettle:*'],
  ['red RED shoes', 'red:* | shoe:*'],
  ['gas & bus!', 'gas:* | bus:*'],
  ["it's (a) 'trap' | :* \\", 'it:* | s:* | a:* | trap:*'],
  ['Ölkännchen 7', 'ölkännchen:* | 7:*'],
  ['!?', ''],
])('%j asks for %j', (text, query) => expect(wordQuery(text)).toBe(query));

it('takes no more words than a person types', () => {
  const text = Array.from({ length: 500 }, (_, at) => `word${at}`).join(' ');
  expect(wordQuery(text).split(' | ')).toHaveLength(32);
});
