import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BuiltinTextEmbedder } from '../../src/engines/embeddings/builtin-text-embedder.adapter.js';
import { HttpTextEmbedder } from '../../src/engines/embeddings/http-text-embedder.adapter.js';
import type { TextEmbedder } from '../../src/engines/embeddings/text-embedder.js';
import { configuredOutbound } from '../../src/http/configured-outbound.js';
import { EmbeddingServer } from '../support/embedding-server.js';

interface Opened {
  embedder: TextEmbedder;
  close(): Promise<void>;
}

function openBuiltin(): Opened {
  const embedder = new BuiltinTextEmbedder();
  return { embedder, close: () => embedder.onApplicationShutdown() };
}

/** A service that knows what the built-in model knows. */
async function openHttp(): Promise<Opened> {
  const [server, knowing] = [await EmbeddingServer.start(), new BuiltinTextEmbedder()];
  server.embed = async (text) => [...(await knowing.embed([text]))[0]];
  const embedder = new HttpTextEmbedder(configuredOutbound(server.url), {
    url: server.url,
    model: 'Some/model_1',
  });
  await embedder.embed(['dimension']);
  const close = async () => {
    await server.stop();
    await knowing.onApplicationShutdown();
  };
  return { embedder, close };
}

const adapters: { name: string; open: () => Opened | Promise<Opened> }[] = [
  { name: 'builtin', open: openBuiltin },
  { name: 'http', open: openHttp },
];

const cosine = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, at) => sum + value * b[at], 0);
const lengthOf = (vector: Float32Array) => Math.sqrt(cosine(vector, vector));

describe.each(adapters)('text embedder: $name', ({ open }) => {
  let embedder: TextEmbedder;
  let opened: Opened;
  beforeAll(async () => {
    opened = await open();
    ({ embedder } = opened);
  });
  afterAll(() => opened.close());

  const embedOne = async (text: string) => (await embedder.embed([text]))[0];

  it('says which space its vectors are in', () => {
    expect(embedder.model).toMatch(/^[a-z0-9][a-z0-9.-]*$/);
    expect(embedder.dimension).toBeGreaterThan(0);
  });

  it('puts paraphrases nearer than strangers', async () => {
    const [question, same, other] = await embedder.embed([
      'How can I get my money back?',
      'Refunds are paid within two weeks of returning the goods.',
      'The northern wing is heated by a gas boiler.',
    ]);
    expect(cosine(question, same)).toBeGreaterThan(cosine(question, other) + 0.1);
  });

  it('gives a unit vector for any text, empty and odd ones too', async () => {
    const odd = ['', ' \n', '\u0000', '\ud800', '東京', '🦆'.repeat(300), '{"a":[1,2]}', 'x'.repeat(5_000)];
    const vectors = await embedder.embed(odd);
    expect(vectors.map(({ length }) => length)).toEqual(odd.map(() => embedder.dimension));
    for (const vector of vectors) expect(lengthOf(vector)).toBeCloseTo(1, 5);
  });

  it('gives nothing for nothing', async () => {
    expect(await embedder.embed([])).toEqual([]);
    expect(await embedder.rank('question', [])).toEqual([]);
  });

  it('gives a text the same vector alone and among others, in the order asked', async () => {
    const texts = ['A short one.', 'The word '.repeat(60), 'Another one, somewhat longer than the first.'];
    const together = await embedder.embed(texts);
    for (const [at, text] of texts.entries())
      expect(cosine(together[at], await embedOne(text))).toBeCloseTo(1, 5);
  });

  it('reads a long text to its end', async () => {
    const filler = 'The committee approved the minutes of the previous meeting. '.repeat(20);
    const [plain, withEnd, end] = await embedder.embed([
      filler,
      `${filler}${'Penguins breed on the ice in winter. '.repeat(20)}`,
      'Penguins breed on the ice in winter.',
    ]);
    expect(cosine(withEnd, end)).toBeGreaterThan(cosine(plain, end) + 0.2);
  });

  it('keeps the vectors of concurrent calls apart', async () => {
    const texts = Array.from({ length: 30 }, (_, at) => `Invoice number ${at} over ${at * 7} euros`);
    const [alone, ...concurrent] = await Promise.all([
      embedder.embed(texts),
      ...texts.map((text) => embedder.embed([text])),
    ]);
    concurrent.forEach(([vector], at) => expect(cosine(vector, alone[at])).toBeCloseTo(1, 5));
  });

  it('scores every candidate, the likelier higher, and never forgets the similarity', async () => {
    const candidates = [
      { text: 'The workshop has a yard, a store room and two parking spaces.', similarity: 0.5 },
      { text: 'The tenant pays a rent of 1,150 euros per month.', similarity: 0.6 },
      { text: 'The tenant pays a rent of 1,150 euros per month.', similarity: 0.2 },
    ];
    const scores = await embedder.rank('How high is the rent?', candidates);
    expect(scores).toHaveLength(3);
    expect(scores[1]).toBeGreaterThan(scores[0]);
    expect(scores[1]).toBeGreaterThan(scores[2]);
  });

  it('stops when it is told to, and serves the next call', async () => {
    const controller = new AbortController();
    const reading = embedder.embed(['A sentence of the document. '.repeat(20_000)], {
      signal: controller.signal,
    });
    controller.abort(new Error('cancelled'));
    await expect(reading).rejects.toThrow('cancelled');
    expect(await embedOne('next')).toHaveLength(embedder.dimension);
  });

  it('answers with a retryable fault once it is closed', async () => {
    const closed = await open();
    await closed.close();
    await expect(closed.embedder.embed(['text'])).rejects.toMatchObject({
      code: 'embedding.unavailable',
      retryable: true,
    });
  });
});
