declare module 's3rver' {
  import type { AddressInfo } from 'node:net';

  interface Listing {
    objects: Array<{ key: string }>;
    commonPrefixes: string[];
    isTruncated: boolean;
  }

  interface Store {
    listObjects(bucket: string, options: { maxKeys?: number }): Promise<Listing>;
  }

  export default class S3rver {
    readonly store: Store;
    constructor(options: {
      address: string;
      port: number;
      silent: boolean;
      directory: string;
      configureBuckets: Array<{ name: string }>;
    });
    run(): Promise<AddressInfo>;
    close(): Promise<void>;
  }
}
