import { Logger } from '@nestjs/common';
import type { Clock } from '../kernel/clock.js';

const QUIET_MS = 60_000;
const MAX_KINDS = 100;
/** The entry was flushed, removed, or is in another worker's hands by now. */
const LOST_LOCK =
  /^Missing (key|lock) for job|^Lock mismatch for job|not in the active state|could not renew lock for job/;

/** What BullMQ reports from the background: lost locks are counted, the rest is logged once per kind and minute. */
export class WorkerErrors {
  lostLocks = 0;
  private readonly logger = new Logger('Transport');
  private readonly loggedAtMs = new Map<string, number>();

  constructor(private readonly clock: Clock) {}

  note(error: Error): void {
    if (LOST_LOCK.test(error.message)) {
      this.lostLocks += 1;
      return;
    }
    const kind = (error as NodeJS.ErrnoException).code ?? error.message.slice(0, 60);
    const nowMs = this.clock.monotonicMs();
    if (nowMs - (this.loggedAtMs.get(kind) ?? -Infinity) < QUIET_MS) return;
    if (this.loggedAtMs.size >= MAX_KINDS) this.loggedAtMs.clear();
    this.loggedAtMs.set(kind, nowMs);
    this.logger.warn({ msg: 'the transport reports an error', err: error });
  }
}
