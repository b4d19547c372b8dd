import type { PictureInput } from '../embeddings/image-embedder.js';
import type { ColourName } from './dominant-colours.js';

export const PICTURE_TYPES = [
  'image/jpeg',
  'image/png',
  'image/webp',
  'image/gif',
  'image/avif',
  'image/tiff',
] as const;

/** The kinds of picture that can be read. */
export type PictureType = (typeof PICTURE_TYPES)[number];

export interface FileToPicture {
  /** Of a local file. */
  path: string;
  /** Where the picture was taken is dropped unless this is set. */
  keepLocation?: boolean;
}

/** What a camera or an editor wrote down about a picture. */
export interface PictureFacts {
  readonly make?: string;
  readonly model?: string;
  readonly lens?: string;
  readonly software?: string;
  readonly artist?: string;
  readonly copyright?: string;
  readonly description?: string;
  /** In seconds. */
  readonly exposureSeconds?: number;
  readonly aperture?: number;
  readonly iso?: number;
  readonly focalLengthMm?: number;
  /** In degrees, north and east positive; only when it was asked for. */
  readonly location?: { readonly latitude: number; readonly longitude: number };
}

/** All that is known of a picture after one look at it. */
export interface Picture {
  readonly contentType: PictureType;
  /** Upright, in pixels of the file. */
  readonly width: number;
  readonly height: number;
  /** Pictures in the file: of an animation or a TIFF of several pages more than 1. What follows is of the first. */
  readonly frames: number;
  readonly hasAlpha: boolean;
  readonly sizeBytes: number;
  /** RFC 3339 in UTC; a camera that does not tell its zone is taken to be in UTC. */
  readonly takenAt?: string;
  readonly exif: PictureFacts;
  /** WebP, the longest side 512 at most, upright, with transparency, without any metadata. */
  readonly thumbnail: Uint8Array;
  /** 16 hex digits; see `hammingDistance`. */
  readonly perceptualHash: string;
  /** The names of the colours that make it up, the largest share first, 4 at most. */
  readonly colours: readonly ColourName[];
  /** What an `ImageEmbedder` takes. */
  readonly embedderInput: PictureInput;
}
