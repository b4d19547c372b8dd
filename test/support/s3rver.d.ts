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

  interface Context {
    method: string;
    path: string;
    query: Record<string, string | undefined>;
    status: number;
  }

  export default class S3rver {
    /** Of Koa: the first one sees a request first. */
    readonly middleware: Array<(context: Context, next: () => Promise<void>) => Promise<void>>;
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
