import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BuiltinImageEmbedder } from '../../src/engines/embeddings/builtin-image-embedder.adapter.js';
import { HttpImageEmbedder } from '../../src/engines/embeddings/http-image-embedder.adapter.js';
import type { ImageEmbedder, PictureInput } from '../../src/engines/embeddings/image-embedder.js';
import { configuredOutbound } from '../../src/http/configured-outbound.js';
import { EmbeddingServer } from '../support/embedding-server.js';
import { seenPicture } from '../support/seen-pictures.js';

interface Opened {
  embedder: ImageEmbedder;
  close(): Promise<void>;
}

const adapters: { name: string; open: () => Promise<Opened> }[] = [
  {
    name: 'builtin',
    open: () => {
      const embedder = new BuiltinImageEmbedder();
      return Promise.resolve({ embedder, close: () => embedder.onApplicationShutdown() });
    },
  },
  {
    name: 'http',
    open: async () => {
      const server = await EmbeddingServer.start();
      const settings = { url: server.url, model: 'a/Model 1.5' };
      const embedder = new HttpImageEmbedder(configuredOutbound(server.url), settings);
      await embedder.embedText(['dimension']);
      return { embedder, close: () => server.stop() };
    },
  },
];

const cosine = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, at) => sum + value * b[at], 0);

describe.each(adapters)('image embedder: $name', ({ open }) => {
  let embedder: ImageEmbedder;
  let opened: Opened;
  beforeAll(async () => {
    opened = await open();
    ({ embedder } = opened);
  });
  afterAll(() => opened.close());

  const many: PictureInput[] = Array.from({ length: 20 }, (_, at) =>
    seenPicture({ disc: [at * 12, 30, 255 - at * 12], radius: 0.1 + at / 60 }),
  );

  it('says which space its vectors are in', () => {
    expect(embedder.model).toMatch(/^[a-z0-9][a-z0-9.-]*$/);
    expect(embedder.dimension).toBeGreaterThan(0);
  });

  it('gives a unit vector for any picture, one of a single colour too', async () => {
    const blank = [0, 128, 255].map((grey) =>
      seenPicture({ disc: [grey, grey, grey], ground: [grey, grey, grey] }),
    );
    for (const vector of await embedder.embed([...blank, ...many])) {
      expect(vector).toHaveLength(embedder.dimension);
      expect(cosine(vector, vector)).toBeCloseTo(1, 5);
    }
  });

  it('gives nothing for nothing', async () => {
    expect(await embedder.embed([])).toEqual([]);
  });

  it('gives a picture the same vector alone, among others and beside other callers, in the order asked', async () => {
    const [together, ...alone] = await Promise.all([
      embedder.embed(many),
      ...many.map((picture) => embedder.embed([picture])),
    ]);
    alone.forEach(([vector], at) => expect(cosine(vector, together[at])).toBeCloseTo(1, 5));
    expect(cosine(together[0], together[19])).toBeLessThan(0.99);
  });

  it('stops when it is told to, and serves the next call', async () => {
    const controller = new AbortController();
    const running = embedder.embed(many, { signal: controller.signal });
    controller.abort(new Error('cancelled'));
    await expect(running).rejects.toThrow('cancelled');
    expect(await embedder.embed([many[0]])).toHaveLength(1);
    await expect(embedder.embed(many, { signal: controller.signal })).rejects.toThrow('cancelled');
  });

  it('has vectors for words, or says that it has none', async () => {
    const texts = embedder.embedText(['a red disc', '']);
    if (!embedder.hasTextTower)
      return expect(texts).rejects.toMatchObject({ code: 'embedding.no_text_tower' });
    for (const vector of await texts) expect(vector).toHaveLength(embedder.dimension);
  });

  it('answers with a retryable fault once what it stands on is gone', async () => {
    const gone = await open();
    await gone.close();
    await expect(gone.embedder.embed([many[0]])).rejects.toMatchObject({
      code: 'embedding.unavailable',
      retryable: true,
    });
  });
});
