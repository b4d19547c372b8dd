import { constants } from 'node:fs';
import { lstat, mkdir, open, realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { addAbortSignal } from 'node:stream';
import { Fault } from '../kernel/fault.js';
import type { OpenedObject, OpenOptions } from './object-store.js';

/** A last link is not followed (its target was resolved before), and a named pipe does not block. */
const READ_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** A folder of this machine that nothing leads out of: links that stay inside are followed, others are refused. */
export class RootedFolder {
  constructor(readonly root: string) {}

  /** Opens a file. @throws Fault path.forbidden, source.not_a_file; what the file system says */
  async open(segments: readonly string[], { signal, range }: OpenOptions = {}): Promise<OpenedObject> {
    signal?.throwIfAborted();
    const handle = await open(await this.resolve(segments), READ_FLAGS);
    try {
      const stats = await handle.stat();
      if (!stats.isFile()) throw notAFile();
      const stream = handle.createReadStream(range);
      const sizeBytes = range ? range.end - range.start + 1 : stats.size;
      return { stream: signal ? addAbortSignal(signal, stream) : stream, sizeBytes };
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** The real path of what exists there, every link followed and still below the root. */
  async resolve(segments: readonly string[]): Promise<string> {
    const [root, path] = await Promise.all([realpath(this.root), realpath(join(this.root, ...segments))]);
    if (path !== root && !path.startsWith(root + sep)) {
      throw new Fault('path.forbidden', 'The key leads out of its root.');
    }
    return path;
  }

  /** Makes the folders one by one, so that none is made behind a link that leads out of the root. */
  async makeFolder(segments: readonly string[]): Promise<string> {
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

export function notAFile(): Fault {
  return new Fault('source.not_a_file', 'The key is not a file.');
}

function unlessThere(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error;
}
