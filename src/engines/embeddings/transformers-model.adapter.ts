import { basename, dirname } from 'node:path';

/** Runs models from a hub's files. Not a dependency: with its parts it is 474 MB that few need. */
export const TRANSFORMERS = '@huggingface/transformers';

/** Vectors of one length, end to end. */
interface Tensor {
  readonly data: Float32Array;
  readonly dims: readonly number[];
}

type Runs<In, Out> = (input: In, options?: object) => Promise<Out>;
interface Loads<Loaded> {
  from_pretrained(name: string, options?: object): Promise<Loaded>;
}

/** What is used of transformers.js; written down here, since the package need not be there. */
export interface TransformersPackage {
  env: { allowRemoteModels: boolean; localModelPath: string };
  pipeline(
    task: 'feature-extraction',
    name: string,
    options: object,
  ): Promise<Runs<readonly string[], Tensor>>;
  AutoProcessor: Loads<Runs<readonly unknown[], object>>;
  AutoTokenizer: Loads<(texts: readonly string[], options: object) => object>;
  CLIPVisionModelWithProjection: Loads<Runs<object, { image_embeds: Tensor }>>;
  CLIPTextModelWithProjection: Loads<Runs<object, { text_embeds: Tensor }>>;
  RawImage: { fromBlob(blob: Blob): Promise<unknown> };
}

export type TransformersRequest =
  | { use: 'text'; modelPath: string; texts: readonly string[] }
  | { use: 'clip-text'; modelPath: string; texts: readonly string[] }
  | { use: 'clip-image'; modelPath: string; jpegs: readonly Uint8Array[] };

const ON_CPU = { dtype: 'fp32', device: 'cpu' };

/** Models from a folder; nothing is ever fetched. Each part is loaded by the first request for it. */
export class TransformersModel {
  private readonly loaded = new Map<string, Promise<unknown>>();

  constructor(private readonly transformers: TransformersPackage) {}

  static async load(): Promise<TransformersModel> {
    return new TransformersModel((await import(TRANSFORMERS)) as TransformersPackage);
  }

  /** One vector per text or picture, of any length but zero. */
  async run(request: TransformersRequest): Promise<Float32Array[]> {
    const name = this.nameOf(request.modelPath);
    switch (request.use) {
      case 'text':
        return this.texts(name, request.texts);
      case 'clip-text':
        return this.clipTexts(name, request.texts);
      case 'clip-image':
        return this.clipImages(name, request.jpegs);
    }
  }

  private nameOf(modelPath: string): string {
    this.transformers.env.allowRemoteModels = false;
    this.transformers.env.localModelPath = dirname(modelPath);
    return basename(modelPath);
  }

  private async texts(name: string, texts: readonly string[]): Promise<Float32Array[]> {
    const extract = await this.once('pipeline', () =>
      this.transformers.pipeline('feature-extraction', name, ON_CPU),
    );
    return rowsOf(await extract(texts, { pooling: 'mean', normalize: true }));
  }

  private async clipTexts(name: string, texts: readonly string[]): Promise<Float32Array[]> {
    const { AutoTokenizer, CLIPTextModelWithProjection } = this.transformers;
    const tokenize = await this.once('tokenizer', () => AutoTokenizer.from_pretrained(name));
    const model = await this.once('text', () => CLIPTextModelWithProjection.from_pretrained(name, ON_CPU));
    const { text_embeds } = await model(tokenize(texts, { padding: true, truncation: true }));
    return rowsOf(text_embeds);
  }

  private async clipImages(name: string, jpegs: readonly Uint8Array[]): Promise<Float32Array[]> {
    const { AutoProcessor, CLIPVisionModelWithProjection, RawImage } = this.transformers;
    const process = await this.once('processor', () => AutoProcessor.from_pretrained(name));
    const model = await this.once('vision', () =>
      CLIPVisionModelWithProjection.from_pretrained(name, ON_CPU),
    );
    const images = await Promise.all(
      jpegs.map((jpeg) => RawImage.fromBlob(new Blob([new Uint8Array(jpeg)], { type: 'image/jpeg' }))),
    );
    const { image_embeds } = await model(await process(images));
    return rowsOf(image_embeds);
  }

  private once<Part>(part: string, load: () => Promise<Part>): Promise<Part> {
    const loading = (this.loaded.get(part) as Promise<Part> | undefined) ?? load();
    this.loaded.set(part, loading);
    return loading;
  }
}

function rowsOf({ data, dims }: Tensor): Float32Array[] {
  const [rows, length] = dims;
  return Array.from({ length: rows }, (_, at) => data.slice(at * length, (at + 1) * length));
}
