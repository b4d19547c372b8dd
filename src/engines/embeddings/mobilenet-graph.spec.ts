import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { mobilenetClassifier, mobilenetModel, SUBJECT_LENGTH, TEXTURE_LENGTH } from './mobilenet-graph.js';
import { MobilenetWeights, type Layer, type LayerWeight } from './mobilenet-weights.js';

const SIDE = 224;
const weights = new MobilenetWeights();

/** Any picture with edges and colours that can be written down in a line. */
function gradients(): Tensor {
  const pixels = Uint8Array.from({ length: SIDE * SIDE * 3 }, (_, at) => {
    const [channel, x, y] = [at % 3, Math.floor(at / 3) % SIDE, Math.floor(at / 3 / SIDE)];
    return (x * (channel + 1) + y * (3 - channel) + ((x * y) >> 5)) % 256;
  });
  return new Tensor('uint8', pixels, [1, SIDE, SIDE, 3]);
}

async function run(model: Uint8Array, pictures: Tensor) {
  const session = await InferenceSession.create(model, { intraOpNumThreads: 1, logSeverityLevel: 3 });
  return session.run({ pictures });
}

describe('the converted network', () => {
  it('gives the numbers that the original gives', async () => {
    const { subject, texture } = await run(mobilenetModel(weights), gradients());
    expect([subject.dims, texture.dims]).toEqual([
      [1, SUBJECT_LENGTH],
      [1, TEXTURE_LENGTH],
    ]);
    const original = {
      subject: [0.75078, 1.17797, -1.74882, 2.67129, 1.35467, 2.244],
      texture: [3.02311, 1.18577, 1.04568, 1.50414, 0.30628, 0.02563],
    };
    original.subject.forEach((value, at) => expect((subject.data as Float32Array)[at]).toBeCloseTo(value, 4));
    original.texture.forEach((value, at) => expect((texture.data as Float32Array)[at]).toBeCloseTo(value, 4));
  });

  it('ends in the probabilities that the original ends in', async () => {
    const { probabilities } = await run(mobilenetClassifier(weights), gradients());
    const shares = [...(probabilities.data as Float32Array)];
    expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 5);
    [0.19544, 0.0305, 0.75321, 0.01713, 0.00371].forEach((share, at) =>
      expect(shares[at]).toBeCloseTo(share, 4),
    );
  });
});

describe('a network of one convolution', () => {
  /** One 3 x 3 kernel over the red channel alone, normalised to (x - 2) * 3 / 2 + 1. */
  const kernel = Float32Array.from({ length: 27 }, (_, at) => (at % 3 === 0 ? at / 3 : 0));
  const known: Record<string, LayerWeight> = {
    'conv/kernel': { data: kernel, shape: [3, 3, 3, 1] },
    'norm/gamma': { data: Float32Array.of(3), shape: [1] },
    'norm/beta': { data: Float32Array.of(1), shape: [1] },
    'norm/moving_mean': { data: Float32Array.of(2), shape: [1] },
    'norm/moving_variance': { data: Float32Array.of(4 - 1e-3), shape: [1] },
  };
  const layer = (name: string, class_name: string, from: string | null, config = {}): Layer => ({
    name,
    class_name,
    config,
    inbound_nodes: from === null ? [] : [[[from, 0, 0, {}]]],
  });
  const tiny = {
    layers: [
      layer('in', 'InputLayer', null),
      layer('pad', 'ZeroPadding2D', 'in', {
        padding: [
          [0, 1],
          [0, 1],
        ],
      }),
      layer('conv', 'Conv2D', 'pad', { strides: [2, 2], padding: 'valid' }),
      layer('norm', 'BatchNormalization', 'conv'),
    ],
    find: (name: string) => known[name],
  };

  it('pads right and below, steps by two and normalises as was worked out by hand', async () => {
    const red = [
      [51, 102, 153, 204],
      [0, 0, 255, 0],
      [255, 0, 0, 51],
      [0, 51, 0, 255],
    ];
    const pixels = Uint8Array.from(red.flat().flatMap((value) => [value, 9, 9]));
    const { probabilities } = await run(
      mobilenetClassifier(tiny as unknown as MobilenetWeights),
      new Tensor('uint8', pixels, [1, 4, 4, 3]),
    );
    // The kernel counts 0 to 8; the reds are fifths of 255.
    const convolved = [
      [0.4 + 2 * 0.6 + 5 + 6, 0.8 + 3 + 7 * 0.2],
      [4 * 0.2, 0.2 + 4],
    ];
    const normalised = convolved.flat().map((value) => ((value - 2) * 3) / 2 + 1);
    [...(probabilities.data as Float32Array)].forEach((value, at) =>
      expect(value).toBeCloseTo(normalised[at], 4),
    );
  });
});
