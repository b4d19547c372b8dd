import { InferenceSession, Tensor } from 'onnxruntime-node';
import { tokenWindows } from './token-windows.js';
import { UnigramTokenizer, type ScoredPiece } from './unigram-tokenizer.js';
import { DIMENSION, MAX_TOKENS, useLiteModel } from './use-lite-graph.js';
import { readModelFile, UseLiteWeights } from './use-lite-weights.js';
import { normalise, WordMatch } from './word-match.js';

/** More windows at once are no faster on one core, cost memory, and let others wait longer. */
const WINDOWS_PER_RUN = 4;
/** `<s>`, `</s>` and the like at the head of the vocabulary. */
const RESERVED_PIECES = 6;

interface Window {
  readonly text: number;
  readonly tokens: readonly number[];
}

/** Universal Sentence Encoder lite, loaded: some 130 MB. Blocks its thread while it computes. */
export class UseLiteEncoder {
  private constructor(
    private readonly tokenizer: UnigramTokenizer,
    private readonly session: InferenceSession,
    /** Compares by single words, with the model's own word vectors. */
    readonly words: WordMatch,
  ) {}

  /** Builds the model from the weights in memory, in some 30 ms: cheaper than keeping a converted file in order. */
  static async load(): Promise<UseLiteEncoder> {
    const vocabulary = JSON.parse(readModelFile('vocab.json').toString('utf8')) as ScoredPiece[];
    const tokenizer = new UnigramTokenizer(vocabulary, RESERVED_PIECES);
    const weights = new UseLiteWeights();
    const session = await InferenceSession.create(useLiteModel(weights), {
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
    });
    const { data, shape } = weights.find('Embeddings_en');
    const words = new WordMatch(tokenizer, vocabulary, data.slice(), shape[1]);
    return new UseLiteEncoder(tokenizer, session, words);
  }

  /**
   * One unit vector per text, end to end. A text longer than the model reads at once gets the mean direction of its
   * windows. Gives way to other requests between runs.
   */
  async encode(texts: readonly string[], signal: AbortSignal): Promise<Float32Array> {
    const vectors = new Float32Array(texts.length * DIMENSION);
    const windows = texts.flatMap((text, at) => this.windowsOf(text, at));
    windows.sort((a, b) => b.tokens.length - a.tokens.length);
    for (let at = 0; at < windows.length; at += WINDOWS_PER_RUN) {
      signal.throwIfAborted();
      const batch = windows.slice(at, at + WINDOWS_PER_RUN);
      addWindows(vectors, batch, await this.run(batch));
    }
    for (let at = 0; at < texts.length; at += 1)
      normalise(vectors.subarray(at * DIMENSION, (at + 1) * DIMENSION));
    return vectors;
  }

  private windowsOf(text: string, at: number): Window[] {
    return tokenWindows(this.tokenizer.encode(text), MAX_TOKENS).map((tokens) => ({ text: at, tokens }));
  }

  private async run(batch: readonly Window[]): Promise<Float32Array> {
    const width = Math.max(1, ...batch.map(({ tokens }) => tokens.length));
    const ids = new BigInt64Array(batch.length * width);
    const mask = new BigInt64Array(batch.length * width);
    batch.forEach(({ tokens }, row) => {
      ids.set(tokens.map(BigInt), row * width);
      mask.fill(1n, row * width, row * width + tokens.length);
    });
    const { embedding } = await this.session.run({
      input_ids: new Tensor('int64', ids, [batch.length, width]),
      attention_mask: new Tensor('int64', mask, [batch.length, width]),
    });
    return embedding.data as Float32Array;
  }
}

function addWindows(vectors: Float32Array, batch: readonly Window[], embedded: Float32Array): void {
  batch.forEach(({ text }, row) => {
    for (let i = 0; i < DIMENSION; i += 1) {
      vectors[text * DIMENSION + i] += embedded[row * DIMENSION + i];
    }
  });
}
