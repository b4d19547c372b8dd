const MIB = 1024 ** 2;

/** What reading one picture may cost. */
export abstract class PictureLimits {
  abstract readonly timeoutMs: number;
  /** Resident memory of the child that reads, its decoders included. */
  abstract readonly memoryBytes: number;
  /** Width times height of one frame. */
  abstract readonly pixels: number;
  /** Of an animation, or pages of a TIFF. */
  abstract readonly frames: number;
}

export const DEFAULT_PICTURE_LIMITS = {
  timeoutMs: 60_000,
  memoryBytes: 512 * MIB,
  pixels: 50_000_000,
  frames: 1_000,
} satisfies PictureLimits;
