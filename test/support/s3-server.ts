import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import S3rver from 's3rver';

/** The one account that the server knows. */
const ACCOUNT = 'S3RVER';

/** A server of the S3 protocol on this machine, with buckets of its own. It checks no signatures. */
export class S3Server {
  private constructor(
    readonly endpoint: string,
    private readonly folder: string,
    private readonly server: S3rver,
  ) {}

  static async start(...buckets: string[]): Promise<S3Server> {
    const folder = await mkdtemp(join(tmpdir(), 's3-server-'));
    const server = new S3rver({
      address: '127.0.0.1',
      port: 0,
      silent: true,
      directory: folder,
      configureBuckets: buckets.map((name) => ({ name })),
    });
    listByBytes(server);
    takeBackUploads(server, folder);
    const { port } = await server.run();
    return new S3Server(`http://127.0.0.1:${port}`, folder, server);
  }

  /** What a process needs to know. */
  variables(bucket: string): Record<string, string> {
    return {
      STORAGE_DRIVER: 's3',
      S3_ENDPOINT: this.endpoint,
      S3_BUCKET: bucket,
      S3_ACCESS_KEY_ID: ACCOUNT,
      S3_SECRET_ACCESS_KEY: ACCOUNT,
    };
  }

  /** Uploads in parts that were neither completed nor taken back. */
  openUploads(bucket: string): string[] {
    const uploads = uploadsOf(this.folder, bucket);
    return existsSync(uploads) ? readdirSync(uploads) : [];
  }

  async stop(): Promise<void> {
    await this.server.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/**
 * Lists as S3 does. The server itself goes through folders one by one, and breaks off where it has to name the next page:
 * today's OpenSSL lacks the cipher that it asks for.
 */
function listByBytes({ store }: S3rver): void {
  const list = store.listObjects.bind(store);
  store.listObjects = async (bucket, { maxKeys, ...options }) => {
    const { objects, ...listing } = await list(bucket, options);
    const sorted = objects.toSorted((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)));
    return { ...listing, objects: sorted.slice(0, maxKeys), isTruncated: false };
  };
}

/** AbortMultipartUpload, which the server does not know. */
function takeBackUploads({ middleware }: S3rver, folder: string): void {
  middleware.unshift(async (context, next) => {
    const { uploadId } = context.query;
    if (context.method !== 'DELETE' || !uploadId) return next();
    const [, bucket = ''] = context.path.split('/');
    await rm(join(uploadsOf(folder, bucket), uploadId), { recursive: true, force: true });
    context.status = 204;
  });
}

/** Where the server keeps the parts of uploads under way. */
function uploadsOf(folder: string, bucket: string): string {
  return join(folder, bucket, '._S3rver_uploads');
}
