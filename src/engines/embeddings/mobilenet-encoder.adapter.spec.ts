import { expect, it } from 'vitest';
import { seenPicture } from '../../../test/support/seen-pictures.js';
import { MobilenetEncoder } from './mobilenet-encoder.adapter.js';

it('sees the same in a picture and in its mirror', async () => {
  const encoder = await MobilenetEncoder.load();
  const one = await encoder.look(seenPicture({}).pixels);
  const mirrored = await encoder.look(seenPicture({ mirrored: true }).pixels);
  for (const part of ['subject', 'texture'] as const)
    one[part].forEach((value, at) => expect(mirrored[part][at]).toBeCloseTo(value, 4));
});
