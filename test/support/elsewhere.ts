import { AsyncResource } from 'node:async_hooks';

const outside = new AsyncResource('elsewhere');

/** What somebody else does meanwhile: awaited within a transaction, yet no part of it. */
export function elsewhere<T>(work: () => Promise<T>): Promise<T> {
  return outside.runInAsyncScope(work);
}
