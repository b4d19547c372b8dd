import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Clock } from '../kernel/clock.js';
import { ignoring } from '../telemetry/ignoring.js';
import { removeLeftovers } from './leftovers.js';
import { copyMeasured, tooLarge } from './measured-copy.js';
import { ObjectStore, type StoredObject, type TransferOptions } from './object-store.js';
import { onStorage } from './storage-fault.js';

const PREFIX = 'intake-source-';

/** Where the bytes of a task are. */
export interface Source {
  kind: 'key';
  /** Of the object store. */
  key: string;
}

/** A local copy that nobody else changes. Dispose of it, also after a failure. */
export interface FetchedSource extends StoredObject {
  path: string;
  dispose(): Promise<void>;
}

/** Brings the bytes of a source onto this machine. */
@Injectable()
export class SourceReader implements OnModuleInit {
  constructor(
    private readonly objects: ObjectStore,
    private readonly clock: Clock,
  ) {}

  async onModuleInit(): Promise<void> {
    const sweep = removeLeftovers(tmpdir(), PREFIX, this.clock.wallMs());
    await ignoring(sweep, 'copies that an earlier run left stay');
  }

  /**
   * Copies a source into a temporary file: what is hashed is what will be read, even if the source is replaced.
   * @throws Fault source.not_found, source.not_a_file, source.too_large, path.forbidden, path.too_long,
   * storage.unavailable; the signal's reason
   */
  async fetch(source: Source, options: TransferOptions = {}): Promise<FetchedSource> {
    const { stream, sizeBytes } = await this.objects.open(source.key, options);
    try {
      if (sizeBytes > (options.maxBytes ?? Infinity)) throw tooLarge(options.maxBytes ?? 0);
      return await onStorage(() => copyAside(stream, options));
    } finally {
      stream.destroy();
    }
  }
}

async function copyAside(stream: Readable, options: TransferOptions): Promise<FetchedSource> {
  const folder = await mkdtemp(join(tmpdir(), PREFIX));
  const dispose = () => rm(folder, { recursive: true, force: true });
  try {
    const path = join(folder, 'source');
    return { path, dispose, ...(await copyMeasured(stream, path, options)) };
  } catch (error) {
    await dispose();
    throw error;
  }
}
