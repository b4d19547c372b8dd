import { afterAll, expect, it } from 'vitest';
import { BuiltinTextEmbedder } from './builtin-text-embedder.adapter.js';

const embedder = new BuiltinTextEmbedder();
afterAll(() => embedder.onApplicationShutdown());

it('gives the numbers that the original model gives', async () => {
  const original = [0.03869, 0.05044, -0.04552, 0.05608, -0.06008, -0.0551];
  const [vector] = await embedder.embed(['How old are you?']);
  original.forEach((value, at) => expect(vector[at]).toBeCloseTo(value, 4));
});

it('serves a short question while a long document is being read', async () => {
  const order: string[] = [];
  const document = embedder
    .embed(['A sentence of the document. '.repeat(4_000)])
    .then(() => order.push('document'));
  await embedder.embed(['question']).then(() => order.push('question'));
  await document;
  expect(order).toEqual(['question', 'document']);
});

it('ranks a passage with the asked detail above one of the same subject', async () => {
  const passages = [
    'The workshop has a yard, a store room and two parking spaces. The attic is not let.',
    'The tenant pays a rent of 1,150 euros per month, due on the third working day.',
  ];
  const candidates = passages.map((text) => ({ text, similarity: 0.5 }));
  const [other, asked] = await embedder.rank('How high is the rent?', candidates);
  expect(asked).toBeGreaterThan(other + 0.05);
});
