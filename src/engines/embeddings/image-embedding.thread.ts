import { serveRequests } from '../../kernel/request-thread.js';
import type { PictureInput } from './image-embedder.js';
import { MobilenetEncoder } from './mobilenet-encoder.adapter.js';
import { PICTURE_DIMENSION, pictureVector } from './picture-vector.js';

/** What this thread looks at of a picture. */
export type LookedAt = Omit<PictureInput, 'jpeg'>;

/** A model that cannot be loaded ends the thread, so that the next request tries again. */
const encoder = await MobilenetEncoder.load();

/** The pictures' vectors, end to end. */
serveRequests(async (pictures: readonly LookedAt[], signal) => {
  const vectors = new Float32Array(pictures.length * PICTURE_DIMENSION);
  for (const [at, { pixels, colours, shapes }] of pictures.entries()) {
    signal.throwIfAborted();
    vectors.set(pictureVector({ ...(await encoder.look(pixels)), colours, shapes }), at * PICTURE_DIMENSION);
  }
  return { reply: vectors, transfer: [vectors.buffer] };
});
