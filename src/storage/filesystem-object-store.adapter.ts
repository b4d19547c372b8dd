import { constants } from 'node:fs';
import { lstat, mkdir, open, realpath, rename, rm, unlink } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { addAbortSignal, type Readable } from 'node:stream';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Config } from '../config/config.js';
import { Clock } from '../kernel/clock.js';
import { Fault } from '../kernel/fault.js';
import { newId } from '../kernel/ids.js';
import { ignoring } from '../telemetry/ignoring.js';
import { removeLeftovers } from './leftovers.js';
import { copyMeasured } from './measured-copy.js';
import { parseKey, RESERVED_SEGMENT } from './object-key.js';
import { ObjectStore, type OpenedObject, type StoredObject, type TransferOptions } from './object-store.js';
import { onStorage } from './storage-fault.js';

/** A last link is not followed (its target was resolved before), and a named pipe does not block. */
const READ_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** Objects as files below the storage root. Links that stay inside the root are followed, others are refused. */
@Injectable()
export class FilesystemObjectStore extends ObjectStore implements OnModuleInit {
  private readonly root: string;

  constructor(
    config: Config,
    private readonly clock: Clock,
  ) {
    super();
    this.root = config.storageRoot;
  }

  async onModuleInit(): Promise<void> {
    const sweep = removeLeftovers(join(this.root, RESERVED_SEGMENT), '', this.clock.wallMs());
    await ignoring(sweep, 'half-written objects of an earlier run stay');
  }

  async put(key: string, body: Readable | Uint8Array, options: TransferOptions = {}): Promise<StoredObject> {
    const segments = parseKey(key);
    return onStorage(async () => {
      const folder = await this.makeFolder(segments.slice(0, -1));
      const incoming = join(await this.makeFolder([RESERVED_SEGMENT]), newId());
      try {
        const stored = await copyMeasured(body, incoming, options);
        await rename(incoming, join(folder, segments.at(-1)!));
        await flushFolder(folder);
        return stored;
      } finally {
        await rm(incoming, { force: true });
      }
    });
  }

  async open(key: string, { signal }: { signal?: AbortSignal } = {}): Promise<OpenedObject> {
    const segments = parseKey(key);
    signal?.throwIfAborted();
    return onStorage(async () => {
      const handle = await open(await this.resolve(segments), READ_FLAGS);
      try {
        const stats = await handle.stat();
        if (!stats.isFile()) throw notAFile();
        const stream = handle.createReadStream();
        return { stream: signal ? addAbortSignal(signal, stream) : stream, sizeBytes: stats.size };
      } catch (error) {
        await handle.close();
        throw error;
      }
    });
  }

  async stat(key: string): Promise<{ sizeBytes: number }> {
    const segments = parseKey(key);
    return onStorage(async () => {
      const stats = await lstat(await this.resolve(segments));
      if (!stats.isFile()) throw notAFile();
      return { sizeBytes: stats.size };
    });
  }

  async delete(key: string): Promise<void> {
    const segments = parseKey(key);
    try {
      await onStorage(async () => {
        const path = join(await this.resolve(segments.slice(0, -1)), segments.at(-1)!);
        if ((await lstat(path)).isDirectory()) throw notAFile();
        await unlink(path);
      });
    } catch (error) {
      if (!Fault.is(error, 'source.not_found')) throw error;
    }
  }

  /** The real path of what exists there, every link followed and still below the root. */
  private async resolve(segments: readonly string[]): Promise<string> {
    const [root, path] = await Promise.all([realpath(this.root), realpath(join(this.root, ...segments))]);
    if (path !== root && !path.startsWith(root + sep)) {
      throw new Fault('path.forbidden', 'The key leads out of the storage root.');
    }
    return path;
  }

  /** Makes the folders one by one, so that none is made behind a link that leads out of the root. */
  private async makeFolder(segments: readonly string[]): Promise<string> {
    await mkdir(this.root, { recursive: true });
    let folder = await realpath(this.root);
    for (const [at, segment] of segments.entries()) {
      await mkdir(join(folder, segment)).catch(unlessThere);
      folder = await this.resolve(segments.slice(0, at + 1));
      if (!(await lstat(folder)).isDirectory())
        throw new Fault('source.not_a_file', 'A part of the key is a file.');
    }
    return folder;
  }
}

function unlessThere(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error;
}

function notAFile(): Fault {
  return new Fault('source.not_a_file', 'The key is not a file.');
}

/** Makes the rename itself durable; Windows does it unasked and cannot open a folder. */
async function flushFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
