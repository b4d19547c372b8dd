import { AsyncLocalStorage } from 'node:async_hooks';

/** What every line says that is written below one request or one task. */
export interface LogFields {
  readonly request_id?: string;
  readonly task_id?: string;
  /** W3C Trace Context of who asked for this work; lines show its trace id. */
  readonly traceparent?: string;
}

const NOTHING: LogFields = {};
const storage = new AsyncLocalStorage<LogFields>();

/** The request or task that the running code works for; follows promises and callbacks. */
export const LogContext = {
  /** Runs the work with these fields added to those already there. */
  run<T>(fields: LogFields, work: () => T): T {
    return storage.run({ ...storage.getStore(), ...fields }, work);
  },

  fields(): LogFields {
    return storage.getStore() ?? NOTHING;
  },
};
