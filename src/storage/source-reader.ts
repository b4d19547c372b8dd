import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Outbound } from '../http/outbound.js';
import { Clock } from '../kernel/clock.js';
import { Fault } from '../kernel/fault.js';
import { ignoring } from '../telemetry/ignoring.js';
import { Buckets } from './buckets.js';
import { removeLeftovers } from './leftovers.js';
import { copyMeasured } from './measured-copy.js';
import { tooLarge } from './measure.js';
import { ObjectStore, type StoredObject, type TransferOptions } from './object-store.js';
import { RootedFolder } from './rooted-folder.js';
import type { Source } from './source.js';
import { onStorage } from './storage-fault.js';
import { openUrl, type OpenedSource } from './url-source.js';

const PREFIX = 'intake-source-';

/** A local copy that nobody else changes. Dispose of it, also after a failure. */
export interface FetchedSource extends StoredObject {
  path: string;
  /** As a host claimed it; absent for what comes from a storage. */
  contentType?: string;
  dispose(): Promise<void>;
}

/** Brings the bytes of a source onto this machine. */
@Injectable()
export class SourceReader implements OnModuleInit {
  constructor(
    private readonly objects: ObjectStore,
    private readonly buckets: Buckets,
    private readonly outbound: Outbound,
    private readonly clock: Clock,
  ) {}

  async onModuleInit(): Promise<void> {
    const sweep = removeLeftovers(tmpdir(), PREFIX, this.clock.wallMs());
    await ignoring(sweep, 'copies that an earlier run left stay');
  }

  /**
   * Copies a source into a temporary file: what is hashed is what will be read, even if the source is replaced.
   * @param source as SourcePolicy reads it from what a client says
   * @throws Fault source.not_found, source.not_a_file, source.too_large, source.changed, path.forbidden, path.too_long,
   * storage.unavailable, bucket.forbidden and, for a URL, those of `openUrl`; the signal's reason
   */
  async fetch(source: Source, options: TransferOptions = {}): Promise<FetchedSource> {
    const opened = await this.open(source, options);
    try {
      const { maxBytes = Infinity } = options;
      if (opened.sizeBytes !== undefined && opened.sizeBytes > maxBytes) throw tooLarge(maxBytes);
      return await onStorage(() => copyAside(opened, options));
    } finally {
      opened.stream.destroy();
    }
  }

  /**
   * Copies what a client sends into a temporary file, to be looked at and not to be kept.
   * @throws Fault source.too_large; the signal's reason; what the stream throws
   */
  receive(stream: Readable, options: TransferOptions = {}): Promise<FetchedSource> {
    return onStorage(() => copyAside({ stream }, options));
  }

  private async open(source: Source, options: TransferOptions): Promise<OpenedSource> {
    switch (source.kind) {
      case 'key':
        return this.objects.open(source.key, options);
      case 'object':
        return this.buckets.of(source.bucket).open(source.key, options);
      case 'file':
        return onStorage(() => new RootedFolder(source.root).open(source.segments, options));
      case 'url':
        return openUrl(this.outbound, source.url, this.clock.wallMs(), options);
    }
  }
}

async function copyAside(opened: OpenedSource, options: TransferOptions): Promise<FetchedSource> {
  const folder = await mkdtemp(join(tmpdir(), PREFIX));
  const dispose = () => rm(folder, { recursive: true, force: true });
  try {
    const path = join(folder, 'source');
    const copied = await copyMeasured(opened.stream, path, { ...options, durable: false });
    refuseOtherSize(opened, copied);
    return { path, dispose, contentType: opened.contentType, ...copied };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** A file that is written to while it is read shows so. */
function refuseOtherSize({ sizeBytes }: OpenedSource, copied: StoredObject): void {
  if (sizeBytes === undefined || sizeBytes === copied.sizeBytes) return;
  const detail = `The source had ${sizeBytes} bytes when it was opened, and ${copied.sizeBytes} when it was read.`;
  throw new Fault('source.changed', detail);
}
