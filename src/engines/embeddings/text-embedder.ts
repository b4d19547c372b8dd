export interface Candidate {
  text: string;
  /** Cosine of its vector and the question's. */
  similarity: number;
}

/** Turns texts into vectors whose cosine says how near their meanings are. */
export abstract class TextEmbedder {
  /** Names the vectors' space: vectors of another model, or of another version of it, cannot be compared. */
  abstract readonly model: string;
  /** Numbers per vector. */
  abstract readonly dimension: number;

  /**
   * One vector of length 1 per text, in order. Any text will do: an empty one has a vector too, a long one is read
   * to its end.
   * @throws Fault `embedding.unavailable`, or the signal's reason once it is aborted
   */
  abstract embed(texts: readonly string[], options?: { signal?: AbortSignal }): Promise<Float32Array[]>;

  /**
   * A second look at the passages that a search by vector found: a better score for each, in order, where the model
   * has a finer measure than the vector; otherwise its similarity.
   * @returns scores up to 1; the highest goes first
   * @throws as {@link embed}
   */
  rank(
    _question: string,
    candidates: readonly Candidate[],
    _options?: { signal?: AbortSignal },
  ): Promise<number[]> {
    return Promise.resolve(candidates.map(({ similarity }) => similarity));
  }
}
