import { Injectable } from '@nestjs/common';
import { builtEntry } from '../../kernel/built-entry.js';
import type { SandboxJob } from '../../sandbox/sandbox-job.js';
import { Sandbox } from '../../sandbox/sandbox.js';
import type { PictureRequest } from './picture-job.js';
import { PictureLimits } from './picture-limits.js';
import type { FileToPicture, Picture } from './picture.js';

const READ: SandboxJob<PictureRequest, Picture> = {
  entry: builtEntry(import.meta.url, './picture-job.js'),
  name: 'readPicture',
};

/** Pictures of every supported kind in, what is to be known of them out, whatever they are called. */
@Injectable()
export class PictureReader {
  constructor(
    private readonly sandbox: Sandbox,
    private readonly limits: PictureLimits,
  ) {}

  /**
   * Reads a local file in a child process.
   * @throws Fault image.empty, image.unsupported, image.corrupt, image.too_large, image.too_many_frames,
   * sandbox.timeout, sandbox.out_of_memory (none of them worth another try), sandbox.crashed; the signal's reason
   */
  read(file: FileToPicture, { signal }: { signal?: AbortSignal } = {}): Promise<Picture> {
    const { timeoutMs, memoryBytes } = this.limits;
    return this.sandbox.run(READ, { file, limits: this.limits }, { timeoutMs, memoryBytes, signal });
  }
}
