import { afterAll, expect, it } from 'vitest';
import { seenPicture } from '../../../test/support/seen-pictures.js';
import { BuiltinImageEmbedder } from './builtin-image-embedder.adapter.js';

const embedder = new BuiltinImageEmbedder();
afterAll(() => embedder.onApplicationShutdown());

it('says how words are searched for all the same', async () => {
  await expect(embedder.embedText()).rejects.toMatchObject({
    code: 'embedding.no_text_tower',
    status: 422,
    detail: expect.stringContaining('IMAGE_EMBEDDER') as string,
  });
});

it('works off the event loop, which goes on turning', async () => {
  let turns = 0;
  const turning = setInterval(() => (turns += 1), 1);
  await embedder.embed(Array.from({ length: 24 }, () => seenPicture({})));
  clearInterval(turning);
  expect(turns).toBeGreaterThan(10);
});
