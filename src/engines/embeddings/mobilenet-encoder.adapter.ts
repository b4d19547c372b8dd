import { InferenceSession, Tensor } from 'onnxruntime-node';
import { PICTURE_SIDE } from './image-embedder.js';
import { mobilenetModel, SUBJECT_LENGTH, TEXTURE_LENGTH } from './mobilenet-graph.js';
import { MobilenetWeights } from './mobilenet-weights.js';

/** What the network says of one picture, whichever way it is mirrored. */
export interface Impression {
  readonly subject: Float32Array;
  readonly texture: Float32Array;
}

const PICTURE_BYTES = PICTURE_SIDE ** 2 * 3;

/** MobileNetV2, loaded: some 60 MB. Blocks its thread while it computes. */
export class MobilenetEncoder {
  private constructor(private readonly session: InferenceSession) {}

  /** Builds the model from the weights in memory, in less than a second: cheaper than keeping a converted file in order. */
  static async load(): Promise<MobilenetEncoder> {
    const model = mobilenetModel(new MobilenetWeights());
    return new MobilenetEncoder(
      await InferenceSession.create(model, { intraOpNumThreads: 1, interOpNumThreads: 1 }),
    );
  }

  /** @param pixels as {@link PictureInput} has them */
  async look(pixels: Uint8Array): Promise<Impression> {
    if (pixels.length !== PICTURE_BYTES) throw new Error(`a picture of ${pixels.length} bytes`);
    const both = new Uint8Array(2 * PICTURE_BYTES);
    both.set(pixels);
    both.set(mirrored(pixels), PICTURE_BYTES);
    const { subject, texture } = await this.session.run({
      pictures: new Tensor('uint8', both, [2, PICTURE_SIDE, PICTURE_SIDE, 3]),
    });
    return {
      subject: meanOfTwo(subject.data as Float32Array, SUBJECT_LENGTH),
      texture: meanOfTwo(texture.data as Float32Array, TEXTURE_LENGTH),
    };
  }
}

function mirrored(pixels: Uint8Array): Uint8Array {
  const turned = new Uint8Array(pixels.length);
  for (let at = 0; at < PICTURE_SIDE ** 2; at += 1) {
    const x = at % PICTURE_SIDE;
    const from = (at - x + PICTURE_SIDE - 1 - x) * 3;
    turned.set(pixels.subarray(from, from + 3), at * 3);
  }
  return turned;
}

function meanOfTwo(values: Float32Array, length: number): Float32Array {
  return Float32Array.from({ length }, (_, at) => (values[at] + values[at + length]) / 2);
}
