import { Fault } from '../kernel/fault.js';

/** Says whether a `callback_url` may be called. The room that delivers provides it, globally. */
export abstract class CallbackPolicy {
  /** @throws Fault `callback.forbidden` or `callback.unavailable`, with `callback_url` among its `errors` */
  abstract check(url: string): Promise<void> | void;
}

/** Where nobody delivers, nothing is promised. */
export class NoCallbacks extends CallbackPolicy {
  check(): void {
    const message = 'is not available here; leave it out and poll the task';
    throw new Fault('callback.unavailable', `callback_url ${message}`, {
      errors: [{ path: 'callback_url', message }],
    });
  }
}
