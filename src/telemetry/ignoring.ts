import { Logger } from '@nestjs/common';

const log = new Logger('ignoring');

/**
 * Waits for work whose failure changes nothing for the caller, and says in the log what was ignored and why.
 * @returns the outcome, or `undefined` when it failed
 */
export async function ignoring<T>(work: Promise<T>, why: string): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    log.warn({ msg: why, err: error });
    return undefined;
  }
}
