import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { EmbeddingServer, type RawAnswer } from '../../../test/support/embedding-server.js';
import { configuredOutbound } from '../../http/configured-outbound.js';
import { Fault } from '../../kernel/fault.js';
import { HttpEmbeddings, type HttpEmbeddingSettings } from './http-embeddings.js';
import { HttpTextEmbedder } from './http-text-embedder.adapter.js';

const LIMITS = { timeoutMs: 5_000, maxInputs: 8, maxInFlight: 2 };

let server: EmbeddingServer;
beforeAll(async () => {
  server = await EmbeddingServer.start();
});
afterAll(() => server.stop());
beforeEach(() => {
  server.asked.length = 0;
  server.misbehaviour = () => null;
});

const open = (settings: Partial<HttpEmbeddingSettings> = {}, limits = LIMITS) =>
  new HttpEmbeddings(configuredOutbound(server.url), { url: server.url, model: 'm', ...settings }, limits);

const always = (answer: RawAnswer) => {
  server.misbehaviour = () => answer;
};
const data = (...embeddings: number[][]) =>
  JSON.stringify({ data: embeddings.map((embedding, index) => ({ index, embedding })) });

describe('what is asked', () => {
  it('is one call of the API for many inputs, with the key and the model', async () => {
    const vectors = await open({ apiKey: 'secret', model: 'clip' }).embed(['a', 'b', 'c']);
    expect(vectors).toHaveLength(3);
    expect(server.asked).toHaveLength(1);
    expect(server.asked[0]).toMatchObject({
      path: '/v1/embeddings',
      headers: { authorization: 'Bearer secret', 'content-type': 'application/json' },
      body: { model: 'clip', input: ['a', 'b', 'c'], encoding_format: 'float' },
    });
  });

  it('goes to the address as it is when it names the call already', async () => {
    await open({ url: `${server.url}/embeddings/` }).embed(['a']);
    expect(server.asked[0].path).toBe('/v1/embeddings');
  });

  it('is cut into calls of bounded size, and shared by callers who ask at once', async () => {
    const embeddings = open({}, { ...LIMITS, maxInFlight: 1 });
    const many = Array.from({ length: 20 }, (_, at) => `text ${at}`);
    const [all, ...each] = await Promise.all([
      embeddings.embed(many),
      ...many.map((text) => embeddings.embed([text])),
    ]);
    expect(server.asked.map(({ body }) => body.input.length)).toEqual([8, 8, 8, 8, 8]);
    each.forEach(([vector], at) => expect(vector).toEqual(all[at]));
  });

  it('never goes to another private address than the one configured', async () => {
    const elsewhere = new HttpEmbeddings(
      configuredOutbound('http://10.0.0.1:8080'),
      { url: server.url, model: 'm' },
      LIMITS,
    );
    await expect(elsewhere.embed(['a'])).rejects.toMatchObject({ code: 'embedding.unavailable' });
    expect(server.asked).toHaveLength(0);
  });
});

describe('a service in trouble', () => {
  it.each([
    [
      '429 and a time',
      { status: 429, headers: { 'retry-after': '7' } },
      { options: { retryAfterSeconds: 7 } },
    ],
    ['429 without a time', { status: 429 }, {}],
    ['500', { status: 500, body: 'a stack trace' }, {}],
    ['503', { status: 503 }, {}],
    ['an answer that breaks off', { body: '{"data": [{"embedding": [0.1,', broken: true }, {}],
    ['half of its JSON', { body: '{"data": [{"embedding": [0.1,' }, {}],
    ['something that is no JSON', { body: '<html>' }, {}],
    ['no vectors', { body: '{"data": []}' }, {}],
    ['too few vectors', { body: data([1, 2]) }, {}],
    ['too many vectors', { body: data([1, 2], [3, 4], [5, 6]) }, {}],
    [
      'the same vector twice',
      { body: '{"data":[{"index":0,"embedding":[1]},{"index":0,"embedding":[1]}]}' },
      {},
    ],
    ['text in the place of numbers', { body: '{"data":[{"embedding":["1"]},{"embedding":["1"]}]}' }, {}],
  ])('answers %s: worth another try', async (_, answer: RawAnswer, expected) => {
    always(answer);
    await expect(open().embed(['a', 'b'])).rejects.toMatchObject({
      code: 'embedding.unavailable',
      retryable: true,
      ...expected,
    });
  });

  it.each([401, 403, 404, 301])('answers %d: somebody has to look at the configuration', async (status) => {
    always({ status, headers: { location: 'http://127.0.0.1:1/' } });
    const failed = open({ apiKey: 'wrong' }).embed(['a']);
    await expect(failed).rejects.toMatchObject({ code: 'embedding.misconfigured', retryable: false });
    expect(server.asked).toHaveLength(1);
  });

  it('does not answer in time', async () => {
    server.misbehaviour = () => 'hold';
    await expect(open({}, { ...LIMITS, timeoutMs: 50 }).embed(['a'])).rejects.toMatchObject({
      code: 'embedding.unavailable',
      cause: { code: 'outbound.timeout' },
    });
  });

  it('is not there', async () => {
    const gone = await EmbeddingServer.start();
    const { url } = gone;
    await gone.stop();
    const embeddings = new HttpEmbeddings(configuredOutbound(url), { url, model: 'm' }, LIMITS);
    await expect(embeddings.embed(['a'])).rejects.toMatchObject({
      code: 'embedding.unavailable',
      retryable: true,
    });
  });

  it('tells nobody outside what it said', async () => {
    always({ status: 500, body: 'key sk-123 of /srv/models' });
    const error: unknown = await open()
      .embed(['a'])
      .catch((reason: unknown) => reason);
    expect(Fault.is(error) && error.detail).not.toContain('sk-123');
    expect(Fault.is(error) && error.options.internal).toContain('/srv/models');
  });
});

describe('an input that the service refuses', () => {
  it('fails alone; its neighbours get their vectors', async () => {
    server.misbehaviour = ({ body }) => (body.input.includes('bad') ? { status: 400 } : null);
    const embeddings = open({}, { ...LIMITS, maxInFlight: 1 });
    const held = embeddings.embed(['first']);
    const texts = ['a', 'b', 'bad', 'c', 'd'];
    const outcomes = await Promise.allSettled(texts.map((text) => embeddings.embed([text])));
    await held;
    expect(outcomes.map(({ status }) => status)).toEqual(
      texts.map((text) => (text === 'bad' ? 'rejected' : 'fulfilled')),
    );
    expect(outcomes[2]).toMatchObject({ reason: { code: 'embedding.rejected', retryable: false } });
  });

  it('is also one whose vector has no direction', async () => {
    always({ body: data([0, 0, 0]) });
    await expect(open().embed(['a'])).rejects.toMatchObject({ code: 'embedding.rejected' });
  });
});

describe('the length of the vectors', () => {
  it('is what the operator said, and another is a fault of the configuration', async () => {
    const embeddings = open({ dimension: 3 });
    expect(embeddings.dimension).toBe(3);
    await expect(embeddings.embed(['a'])).rejects.toMatchObject({
      code: 'embedding.misconfigured',
      detail: expect.stringMatching(/24 numbers where 3 are expected/) as string,
    });
  });

  it('is learned from the first answer, and may not change', async () => {
    const embeddings = open();
    expect(() => embeddings.dimension).toThrow(/EMBEDDING_DIMENSION/);
    await embeddings.learnDimension();
    expect(embeddings.dimension).toBe(24);
    always({ body: data([1, 2]) });
    await expect(embeddings.embed(['a'])).rejects.toMatchObject({ code: 'embedding.misconfigured' });
  });

  it('is asked for when the process starts, which does not wait for it', async () => {
    const embedder = new HttpTextEmbedder(configuredOutbound(server.url), { url: server.url, model: 'm' });
    embedder.onApplicationBootstrap();
    await expect.poll(() => server.asked.length, { timeout: 10_000 }).toBe(1);
    await expect.poll(() => embedder.dimension, { timeout: 10_000 }).toBe(24);
  });
});
