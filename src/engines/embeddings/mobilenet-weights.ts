import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** The npm package that carries a MobileNetV2 (MIT) in tfjs format, its weights as a module of base64 text. */
const PACKAGE = 'nsfwjs';
const FOLDER = '../models/mobilenet_v2';

/** A layer as Keras writes it down; of its settings only those that this network varies. */
export interface Layer {
  readonly name: string;
  readonly class_name: string;
  readonly config: {
    readonly strides?: readonly number[];
    readonly padding?: string | readonly (readonly number[])[];
    readonly activation?: string;
  };
  /** The names of the layers that it takes, first in each list. */
  readonly inbound_nodes: readonly (readonly (readonly [string, ...unknown[]])[])[];
}

export interface LayerWeight {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

interface TfjsModel {
  modelTopology: { model_config: { config: { layers: Layer[] } } };
  weightsManifest: { paths: string[]; weights: PackedWeight[] }[];
}

interface PackedWeight {
  name: string;
  shape: number[];
  quantization: { min: number; scale: number; dtype: string };
}

/** The network's layers in order and its weights, unpacked from 8 bits each to 32: some 10 MB. */
export class MobilenetWeights {
  readonly layers: readonly Layer[];
  private readonly byName = new Map<string, LayerWeight>();

  constructor() {
    const model = readModule('model.min.js') as TfjsModel;
    this.layers = model.modelTopology.model_config.config.layers;
    for (const { paths, weights } of model.weightsManifest) {
      const bytes = Buffer.concat(
        paths.map((path) => Buffer.from(readModule(`${path}.min.js`) as string, 'base64')),
      );
      this.unpack(bytes, weights);
    }
  }

  /**
   * The weight of this name, such as `Conv1/kernel`.
   * @throws Error when there is none: the package is not the one this code was written for
   */
  find(name: string): LayerWeight {
    const weight = this.byName.get(name);
    if (!weight) throw new Error(`${PACKAGE} has no weight ${name}`);
    return weight;
  }

  private unpack(bytes: Buffer, weights: readonly PackedWeight[]): void {
    let at = 0;
    for (const { name, shape, quantization } of weights) {
      if (quantization.dtype !== 'uint8') throw new Error(`${name} is packed as ${quantization.dtype}`);
      const length = shape.reduce((product, size) => product * size, 1);
      const packed = bytes.subarray(at, at + length);
      const data = Float32Array.from(packed, (value) => value * quantization.scale + quantization.min);
      this.byName.set(name, { data, shape });
      at += length;
    }
  }
}

/** The package's own entry would load tfjs; its model files stand alone. */
function readModule(name: string): unknown {
  const require = createRequire(import.meta.url);
  const folder = dirname(require.resolve(`${PACKAGE}/models/mobilenet_v2`));
  return require(join(folder, '..', FOLDER, name));
}
