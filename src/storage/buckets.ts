import { Fault } from '../kernel/fault.js';
import type { ObjectStore } from './object-store.js';

/** The buckets that may be read by name, each as a store. */
export class Buckets {
  constructor(private readonly stores: ReadonlyMap<string, ObjectStore> = new Map()) {}

  /** @throws Fault bucket.forbidden for one that is neither configured nor allowed */
  of(bucket: string): ObjectStore {
    const store = this.stores.get(bucket);
    if (store) return store;
    const detail = `The bucket ${bucket} is neither S3_BUCKET nor listed in S3_ALLOWED_BUCKETS.`;
    throw new Fault('bucket.forbidden', detail);
  }
}
