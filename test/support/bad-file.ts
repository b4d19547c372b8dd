import type { FaultCode } from '../../src/kernel/fault-codes.js';

/** A file that does harm, or that somebody sends by mistake, and the ends that are right for it. */
export interface BadFile {
  name: string;
  bytes: Buffer;
  /** Any of these ends is right; none: it is read. */
  faults: FaultCode[];
  /** What reading it warns of. */
  warning?: string;
}

/** Which limit is met first depends on the machine. */
export const TOO_MUCH: FaultCode[] = ['document.too_large', 'sandbox.out_of_memory', 'sandbox.timeout'];

export function truncated(bytes: Buffer): Buffer {
  return bytes.subarray(0, Math.floor(bytes.length * 0.6));
}
