/** Side of the square that a built-in model looks at: what is smaller in the file than this has nothing to lose. */
export const PICTURE_SIDE = 96;

/** What is left of a picture once it was read: little enough to hand from process to process. */
export interface PictureInput {
  /** Of the picture without its border, squeezed to a square: red, green, blue, {@link PICTURE_SIDE} x {@link PICTURE_SIDE} pixels. */
  readonly pixels: Uint8Array;
  /** Where which colours are, and where edges run which way; each of length 1 or all zero. */
  readonly colours: Float32Array;
  readonly shapes: Float32Array;
  /** The picture on white, upright, the longest side 512 at most, for models that read files. */
  readonly jpeg: Uint8Array;
}

/** Turns pictures into vectors whose cosine says how alike they are. */
export abstract class ImageEmbedder {
  /** Names the vectors' space: vectors of another model, or of another version of it, cannot be compared. */
  abstract readonly model: string;
  /**
   * Numbers per vector.
   * @throws Fault `embedding.unavailable` while only the service that is asked can tell and has not yet
   */
  abstract readonly dimension: number;
  /** Whether texts have vectors in the same space, so that words find pictures. */
  abstract readonly hasTextTower: boolean;

  /**
   * One vector of length 1 per picture, in order. Pictures of several callers are embedded together.
   * @throws Fault `embedding.unavailable`, `embedding.rejected`, `embedding.misconfigured`; the signal's reason once it
   * is aborted
   */
  abstract embed(
    pictures: readonly PictureInput[],
    options?: { signal?: AbortSignal },
  ): Promise<Float32Array[]>;

  /**
   * One vector of length 1 per text, in order, to compare with those of pictures.
   * @throws Fault `embedding.no_text_tower` when the model knows no words; as {@link embed}
   */
  abstract embedText(texts: readonly string[], options?: { signal?: AbortSignal }): Promise<Float32Array[]>;
}
