import type { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import type { PictureInput } from '../engines/embeddings/image-embedder.js';
import { PictureReader } from '../engines/pictures/picture-reader.js';
import { SourcePolicy } from '../storage/source-policy.js';
import { SourceReader, type FetchedSource } from '../storage/source-reader.js';
import type { Source } from '../storage/source.js';

const MIB = 1024 ** 2;
/** Somebody waits for the answer. */
const MOST_BYTES = 20 * MIB;
const LONGEST_MS = 20_000;

/** What embedders take, of pictures that somebody asks by and of images that were indexed before. */
@Injectable()
export class PictureInputs {
  constructor(
    private readonly sources: SourceReader,
    private readonly policy: SourcePolicy,
    private readonly reader: PictureReader,
  ) {}

  /** A local copy of what a form brings; to be disposed of. @throws Fault `source.too_large` */
  receive(stream: Readable): Promise<FetchedSource> {
    return this.sources.receive(stream, { maxBytes: MOST_BYTES });
  }

  /** @throws Fault as PictureReader does */
  async ofCopy({ path }: Pick<FetchedSource, 'path'>, signal = patience()): Promise<PictureInput> {
    return (await this.reader.read({ path }, { signal })).embedderInput;
  }

  /** @throws Fault `outbound.forbidden` and those of SourceReader and PictureReader */
  ofUrl(url: string): Promise<PictureInput> {
    return this.ofSource(this.policy.parseUrl(url));
  }

  /**
   * @param key of a thumbnail: as large as what embedders are given of the file itself
   * @throws Fault of SourceReader and PictureReader
   */
  ofThumbnail(key: string, signal?: AbortSignal): Promise<PictureInput> {
    return this.ofSource({ kind: 'key', key }, signal);
  }

  private async ofSource(from: Source, signal = patience()): Promise<PictureInput> {
    const copy = await this.sources.fetch(from, { maxBytes: MOST_BYTES, signal });
    try {
      return await this.ofCopy(copy, signal);
    } finally {
      await copy.dispose();
    }
  }
}

function patience(): AbortSignal {
  return AbortSignal.timeout(LONGEST_MS);
}
