import type { ScoredPiece, UnigramTokenizer } from './unigram-tokenizer.js';

/** Pieces likelier than e^-4 (full stop, "the", "to") say nothing about a subject and count for nothing. */
const COMMON = 4;

/**
 * How well a passage answers to the single words of a question: for each of the question's pieces the passage's
 * nearest piece, averaged by how much the piece tells (its improbability). It knows near words, not only equal
 * ones, and finds the detail that one vector for a whole passage blurs.
 * Source: the MaxSim of Khattab and Zaharia, "ColBERT", 2020, over the model's input embeddings.
 */
export class WordMatch {
  /** @param embeddings of the vocabulary's pieces, end to end; made unit length in place */
  constructor(
    private readonly tokenizer: UnigramTokenizer,
    private readonly vocabulary: readonly ScoredPiece[],
    private readonly embeddings: Float32Array,
    private readonly dimension: number,
  ) {
    for (let at = 0; at < embeddings.length; at += dimension)
      normalise(embeddings.subarray(at, at + dimension));
  }

  /** @returns one score per passage, 1 when it holds every telling piece of the question */
  score(question: string, passages: readonly string[]): Float32Array {
    const asked = this.tellingPieces(question);
    const total = asked.reduce((sum, { weight }) => sum + weight, 0);
    return Float32Array.from(passages, (passage) => {
      const pieces = new Set(this.tokenizer.encode(passage.toLowerCase()));
      const matched = asked.reduce((sum, { weight, nearest }) => sum + weight * nearest(pieces), 0);
      return total > 0 ? matched / total : 0;
    });
  }

  private tellingPieces(question: string) {
    const weights = new Map<number, number>();
    for (const id of this.tokenizer.encode(question.toLowerCase())) {
      const weight = -this.vocabulary[id][1] - COMMON;
      if (weight > 0) weights.set(id, (weights.get(id) ?? 0) + weight);
    }
    return Array.from(weights, ([id, weight]) => ({ weight, nearest: this.nearestTo(id) }));
  }

  /** Remembers what it compared: passages share most of their pieces. */
  private nearestTo(id: number): (pieces: ReadonlySet<number>) => number {
    const known = new Map([[id, 1]]);
    const similarity = (piece: number) => {
      const seen = known.get(piece);
      if (seen !== undefined) return seen;
      const cosine = this.cosine(id, piece);
      known.set(piece, cosine);
      return cosine;
    };
    return (pieces) => {
      if (pieces.has(id)) return 1;
      let best = 0;
      for (const piece of pieces) best = Math.max(best, similarity(piece));
      return best;
    };
  }

  private cosine(one: number, other: number): number {
    const [a, b] = [one * this.dimension, other * this.dimension];
    let sum = 0;
    for (let i = 0; i < this.dimension; i += 1) sum += this.embeddings[a + i] * this.embeddings[b + i];
    return sum;
  }
}

/** Gives the vector length 1, in place. */
export function normalise(vector: Float32Array): void {
  const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
  for (let i = 0; i < vector.length; i += 1) vector[i] /= length;
}
