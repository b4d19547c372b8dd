import { Injectable } from '@nestjs/common';
import { DEFAULT_SANDBOX_OPTIONS, Sandbox } from '../../sandbox/sandbox.js';

const MIB = 1024 ** 2;

/** Children that keep an engine warm: they are larger at rest than others, and dear to start. */
@Injectable()
export class OcrSandbox extends Sandbox {
  constructor() {
    super({ ...DEFAULT_SANDBOX_OPTIONS, restingBytes: 500 * MIB, idleMs: 60_000 });
  }
}
