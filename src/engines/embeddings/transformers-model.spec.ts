import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seenPicture } from '../../../test/support/seen-pictures.js';
import { ClipImageEmbedder } from './clip-image-embedder.adapter.js';
import { assertInstalled, type ModelRunner } from './model-thread.js';
import {
  TransformersModel,
  type TransformersPackage,
  type TransformersRequest,
} from './transformers-model.adapter.js';
import { TransformersTextEmbedder } from './transformers-text-embedder.adapter.js';

const DIMENSION = 4;
const FILES = [
  'preprocessor_config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'onnx/vision_model.onnx',
  'onnx/text_model.onnx',
  'onnx/model.onnx',
];

let root: string;
let folder: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'models-'));
  folder = join(root, 'Some_Model.v2');
  await mkdir(join(folder, 'onnx'), { recursive: true });
  await writeFile(
    join(folder, 'config.json'),
    JSON.stringify({ hidden_size: DIMENSION, projection_dim: DIMENSION }),
  );
  for (const file of FILES) await writeFile(join(folder, file), '');
});
afterAll(() => rm(root, { recursive: true }));

/** Rows of a tensor that tell their inputs apart, not of length 1. */
const tensorOf = (inputs: readonly unknown[]) => ({
  dims: [inputs.length, DIMENSION],
  data: Float32Array.from(inputs.flatMap((_, at) => [at + 1, 2, 0, 0])),
});

/** Keeps to the calls of transformers.js that are used; writes down what is loaded. */
class StandIn implements TransformersPackage {
  readonly loaded: string[] = [];
  readonly env = { allowRemoteModels: true, localModelPath: '' };
  readonly RawImage = { fromBlob: async (blob: Blob) => ({ bytes: await blob.arrayBuffer() }) };
  readonly AutoProcessor = this.loads('processor', (images: readonly unknown[]) =>
    Promise.resolve({ images }),
  );
  readonly AutoTokenizer = this.loads('tokenizer', (texts: readonly string[]) => ({ texts }));
  readonly CLIPVisionModelWithProjection = this.loads('vision', (inputs: object) =>
    Promise.resolve({ image_embeds: tensorOf((inputs as { images: unknown[] }).images) }),
  );
  readonly CLIPTextModelWithProjection = this.loads('text', (inputs: object) =>
    Promise.resolve({ text_embeds: tensorOf((inputs as { texts: string[] }).texts) }),
  );

  pipeline(task: string, name: string) {
    this.loaded.push(`${task} ${name}`);
    return Promise.resolve((texts: readonly string[]) => Promise.resolve(tensorOf(texts)));
  }

  private loads<Part>(what: string, part: Part) {
    return {
      from_pretrained: (name: string) => {
        this.loaded.push(`${what} ${name}`);
        return Promise.resolve(part);
      },
    };
  }
}

function runnerOf(standIn: StandIn): ModelRunner {
  const model = new TransformersModel(standIn);
  return { request: (request: TransformersRequest) => model.run(request), close: () => Promise.resolve() };
}

describe('a CLIP model of a folder', () => {
  it('gives pictures and words unit vectors of one space, loads each part once, and fetches nothing', async () => {
    const standIn = new StandIn();
    const embedder = new ClipImageEmbedder(folder, () => runnerOf(standIn));
    expect(embedder).toMatchObject({
      model: 'transformers-some-model-v2',
      dimension: DIMENSION,
      hasTextTower: true,
    });
    const pictures = await embedder.embed([seenPicture({}), seenPicture({ radius: 0.2 })]);
    const texts = await embedder.embedText(['a red disc', '']);
    await embedder.embed([seenPicture({})]);
    const expected = [1, 2].map((at) => Math.hypot(at, 2));
    pictures.forEach((vector, at) => expect(vector[1]).toBeCloseTo(2 / expected[at], 5));
    expect(texts).toEqual(pictures);
    expect(standIn.env).toEqual({ allowRemoteModels: false, localModelPath: dirname(folder) });
    const name = 'Some_Model.v2';
    expect(standIn.loaded).toEqual([
      `processor ${name}`,
      `vision ${name}`,
      `tokenizer ${name}`,
      `text ${name}`,
    ]);
  });
});

describe('a text model of a folder', () => {
  it('reads a long text to its end, in windows', async () => {
    const standIn = new StandIn();
    const embedder = new TransformersTextEmbedder(folder, () => runnerOf(standIn));
    const [short, long] = await embedder.embed(['short', 'long '.repeat(1_000)]);
    for (const vector of [short, long]) expect(Math.hypot(...vector)).toBeCloseTo(1, 5);
    expect(standIn.loaded).toEqual(['feature-extraction Some_Model.v2']);
  });

  it('says that it failed, and that another try may help', async () => {
    const runner = { request: () => Promise.reject(new Error('broken')), close: () => Promise.resolve() };
    const embedder = new TransformersTextEmbedder(folder, () => runner);
    await expect(embedder.embed(['text'])).rejects.toMatchObject({
      code: 'embedding.unavailable',
      retryable: true,
    });
  });
});

describe('what is missing', () => {
  it('is named: files of the folder', async () => {
    const bare = join(root, 'bare');
    await mkdir(bare);
    await writeFile(join(bare, 'config.json'), '{}');
    expect(() => new ClipImageEmbedder(bare)).toThrow(
      /lacks preprocessor_config.json.*onnx\/text_model.onnx/,
    );
    expect(() => new TransformersTextEmbedder(join(root, 'nowhere'))).toThrow(/lacks config.json/);
  });

  it('is named: the length of the vectors', async () => {
    const unclear = join(root, 'unclear');
    await mkdir(join(unclear, 'onnx'), { recursive: true });
    for (const file of FILES) await writeFile(join(unclear, file), '');
    await writeFile(join(unclear, 'config.json'), '{"projection_dim": "512"}');
    expect(() => new ClipImageEmbedder(unclear, () => runnerOf(new StandIn()))).toThrow(/no projection_dim/);
  });

  it('is named: the package, with the line that installs it', () => {
    expect(() => assertInstalled('@huggingface/no-such-package')).toThrow(
      /misconfigured.*npm install --no-save/,
    );
  });
});
