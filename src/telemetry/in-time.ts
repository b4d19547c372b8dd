import { setTimeout as delay } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { Fault } from '../kernel/fault.js';
import { isDatabaseDown } from '../kernel/repeat.js';

const log = new Logger('in-time');

/**
 * For views that rather show less than wait for what is down. An outage is for health to tell; any other failure is a
 * defect, and logged.
 * @returns the outcome, or `null` when it failed or takes longer than `limitMs`
 */
export function inTime<T>(work: Promise<T>, limitMs: number): Promise<T | null> {
  const answer = work.catch((error: unknown) => {
    if (!isOutage(error)) log.warn({ msg: 'a view shows less than it could', err: error });
    return null;
  });
  return Promise.race([answer, delay(limitMs, null, { ref: false })]);
}

function isOutage(error: unknown): boolean {
  return isDatabaseDown(error) || Fault.is(error, 'transport.unavailable');
}
