/** Where the bytes of a task are. */
export type Source =
  /** In our own store. */
  | { kind: 'key'; key: string }
  /** In a bucket by its name. */
  | { kind: 'object'; bucket: string; key: string }
  /** On this machine, below one of IMAGE_ROOTS. */
  | { kind: 'file'; root: string; segments: readonly string[] }
  | { kind: 'url'; url: string };
