import { constants } from 'node:fs';
import { access, lstat, mkdir, open, rename, rm, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Config } from '../config/config.js';
import { Clock } from '../kernel/clock.js';
import { Fault } from '../kernel/fault.js';
import { newId } from '../kernel/ids.js';
import type { TenantScope } from '../kernel/tenant-scope.js';
import { ignoring } from '../telemetry/ignoring.js';
import { FileLinks } from './file-links.js';
import { removeLeftovers } from './leftovers.js';
import { listFiles } from './listed-files.js';
import { copyMeasured } from './measured-copy.js';
import { parseKey, RESERVED_SEGMENT } from './object-key.js';
import {
  ObjectStore,
  type ListedObject,
  type ListOptions,
  type OpenedObject,
  type OpenOptions,
  type StoredObject,
  type TransferOptions,
  type UrlOptions,
} from './object-store.js';
import { notAFile, RootedFolder } from './rooted-folder.js';
import { onStorage } from './storage-fault.js';
import { refuseForeignUpload } from './upload-keys.js';

/** Objects as files below the storage root. Links that stay inside the root are followed, others are refused. */
@Injectable()
export class FilesystemObjectStore extends ObjectStore implements OnModuleInit {
  private readonly folder: RootedFolder;
  private readonly links: FileLinks;
  private checking: Promise<void> | null = null;

  constructor(
    config: Config,
    private readonly clock: Clock,
  ) {
    super();
    this.folder = new RootedFolder(config.storage.root);
    this.links = new FileLinks(config.secretKeys);
  }

  async onModuleInit(): Promise<void> {
    const sweep = removeLeftovers(join(this.folder.root, RESERVED_SEGMENT), '', this.clock.wallMs());
    await ignoring(sweep, 'half-written objects of an earlier run stay');
  }

  async put(key: string, body: Readable | Uint8Array, options: TransferOptions = {}): Promise<StoredObject> {
    const segments = parseKey(key);
    return onStorage(async () => {
      const folder = await this.folder.makeFolder(segments.slice(0, -1));
      const incoming = join(await this.folder.makeFolder([RESERVED_SEGMENT]), newId());
      try {
        const stored = await copyMeasured(body, incoming, { ...options, durable: true });
        await rename(incoming, join(folder, segments.at(-1)!));
        await flushFolder(folder);
        return stored;
      } finally {
        await rm(incoming, { force: true });
      }
    });
  }

  async open(key: string, options: OpenOptions = {}): Promise<OpenedObject> {
    const segments = parseKey(key);
    options.signal?.throwIfAborted();
    return onStorage(() => this.folder.open(segments, options));
  }

  async stat(key: string): Promise<{ sizeBytes: number }> {
    const segments = parseKey(key);
    return onStorage(async () => {
      const stats = await lstat(await this.folder.resolve(segments));
      if (!stats.isFile()) throw notAFile();
      return { sizeBytes: stats.size };
    });
  }

  async delete(key: string): Promise<void> {
    const segments = parseKey(key);
    try {
      await onStorage(async () => {
        const path = join(await this.folder.resolve(segments.slice(0, -1)), segments.at(-1)!);
        if ((await lstat(path)).isDirectory()) throw notAFile();
        await unlink(path);
      });
    } catch (error) {
      if (!Fault.is(error, 'source.not_found')) throw error;
    }
  }

  async list(folder: string, options: ListOptions): Promise<ListedObject[]> {
    const segments = parseKey(folder);
    return onStorage(() => listFiles(this.folder.root, `${segments.join('/')}/`, options));
  }

  /** A path of our own API; see FilesController. */
  async urlFor(scope: TenantScope, key: string, options: UrlOptions): Promise<string> {
    const plain = parseKey(key).join('/');
    refuseForeignUpload(scope, plain);
    const signed = this.links.sign({
      key: plain,
      tenant: scope.tenantId,
      until: Math.floor(this.clock.wallMs() / 1_000) + options.expiresInSeconds,
      name: options.fileName,
      type: options.contentType,
    });
    return `/api/files/${signed}`;
  }

  /** One at a time: a file system that hangs keeps a thread of Node's few with every call. */
  check(): Promise<void> {
    this.checking ??= this.lookAround().finally(() => {
      this.checking = null;
    });
    return this.checking;
  }

  private async lookAround(): Promise<void> {
    try {
      await mkdir(this.folder.root, { recursive: true });
      await access(this.folder.root, constants.R_OK | constants.W_OK | constants.X_OK);
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      throw new Fault('storage.unavailable', `The folder of STORAGE_ROOT cannot be used (${code}).`, {
        cause,
      });
    }
  }
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
