import type { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { ImageEmbedder } from '../engines/embeddings/image-embedder.js';
import { PictureReader } from '../engines/pictures/picture-reader.js';
import { SourcePolicy } from '../storage/source-policy.js';
import { SourceReader, type FetchedSource } from '../storage/source-reader.js';

const MIB = 1024 ** 2;
/** Somebody waits for the answer. */
const MOST_BYTES = 20 * MIB;
const LONGEST_MS = 20_000;

/** The vectors of pictures that somebody asks by. */
@Injectable()
export class QueryPictures {
  constructor(
    private readonly sources: SourceReader,
    private readonly policy: SourcePolicy,
    private readonly reader: PictureReader,
    private readonly embedder: ImageEmbedder,
  ) {}

  /** A local copy of what a form brings; to be disposed of. @throws Fault `source.too_large` */
  receive(stream: Readable): Promise<FetchedSource> {
    return this.sources.receive(stream, { maxBytes: MOST_BYTES });
  }

  /** @throws Fault as PictureReader and ImageEmbedder do */
  async vectorOf({ path }: Pick<FetchedSource, 'path'>): Promise<Float32Array> {
    const signal = AbortSignal.timeout(LONGEST_MS);
    const { embedderInput } = await this.reader.read({ path }, { signal });
    const [vector] = await this.embedder.embed([embedderInput], { signal });
    return vector;
  }

  /** @throws Fault `outbound.forbidden` and those of SourceReader */
  vectorOfUrl(url: string): Promise<Float32Array> {
    return this.vectorOfSource(this.policy.parseUrl(url));
  }

  /** @param key of a thumbnail: enough for any model to look at */
  vectorOfThumbnail(key: string): Promise<Float32Array> {
    return this.vectorOfSource({ kind: 'key', key });
  }

  private async vectorOfSource(from: Parameters<SourceReader['fetch']>[0]): Promise<Float32Array> {
    const limits = { maxBytes: MOST_BYTES, signal: AbortSignal.timeout(LONGEST_MS) };
    const source = await this.sources.fetch(from, limits);
    try {
      return await this.vectorOf(source);
    } finally {
      await source.dispose();
    }
  }
}
