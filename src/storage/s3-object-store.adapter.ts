import { Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  type GetObjectCommandOutput,
  type S3Client,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { Fault } from '../kernel/fault.js';
import type { TenantScope } from '../kernel/tenant-scope.js';
import { attachment } from './content-disposition.js';
import { Measure } from './measure.js';
import { parseKey } from './object-key.js';
import {
  ObjectStore,
  type ListedObject,
  type ListOptions,
  type OpenedObject,
  type OpenOptions,
  type StoredObject,
  type TransferOptions,
  type UrlOptions,
} from './object-store.js';
import { notAFile } from './rooted-folder.js';
import { toS3Fault } from './s3-fault.js';
import { refuseForeignUpload } from './upload-keys.js';

/** Held in memory per upload: this times the parts under way. S3 wants 5 MiB at least. */
const PART_BYTES = 8 * 1024 * 1024;
const PARTS_UNDER_WAY = 2;

/**
 * Objects in one bucket. What is larger than a part goes up in parts; a put that fails leaves none. Unlike a file
 * system, a bucket has no folders: a key may hold an object although others begin with it.
 */
export class S3ObjectStore extends ObjectStore {
  constructor(
    private readonly client: S3Client,
    private readonly bucket: string,
  ) {
    super();
  }

  async put(key: string, body: Readable | Uint8Array, options: TransferOptions = {}): Promise<StoredObject> {
    const place = this.placeOf(key);
    const { signal } = options;
    signal?.throwIfAborted();
    const measure = new Measure(options.maxBytes);
    const source = body instanceof Readable ? body : Readable.from([body]);
    const bytes = new Remembered(measure.pass(source));
    const stream = Readable.from(bytes.pass(), { objectMode: false });
    const stop = () => source.destroy(signal?.reason as Error);
    signal?.addEventListener('abort', stop, { once: true });
    try {
      const params = { ...place, Body: stream };
      const client = stoppable(this.client, signal);
      await new Upload({ client, params, partSize: PART_BYTES, queueSize: PARTS_UNDER_WAY }).done();
      return measure.result();
    } catch (error) {
      signal?.throwIfAborted();
      throw error === bytes.failure ? error : toS3Fault(error, this.bucket);
    } finally {
      signal?.removeEventListener('abort', stop);
      source.destroy();
    }
  }

  async open(key: string, { signal, range }: OpenOptions = {}): Promise<OpenedObject> {
    const place = this.placeOf(key);
    signal?.throwIfAborted();
    const Range = range && `bytes=${range.start}-${range.end}`;
    try {
      const command = new GetObjectCommand({ ...place, Range });
      return this.toOpened(await this.client.send(command, { abortSignal: signal }), signal);
    } catch (error) {
      signal?.throwIfAborted();
      throw await this.explain(error, place.Key);
    }
  }

  async stat(key: string): Promise<{ sizeBytes: number }> {
    const place = this.placeOf(key);
    try {
      const { ContentLength = 0 } = await this.client.send(new HeadObjectCommand(place));
      return { sizeBytes: ContentLength };
    } catch (error) {
      throw await this.explain(error, place.Key);
    }
  }

  async delete(key: string): Promise<void> {
    const command = new DeleteObjectCommand(this.placeOf(key));
    await this.ask(() => this.client.send(command));
  }

  async list(folder: string, { after, limit }: ListOptions): Promise<ListedObject[]> {
    const { Bucket, Key } = this.placeOf(folder);
    const command = new ListObjectsV2Command({
      Bucket,
      Prefix: `${Key}/`,
      StartAfter: after,
      MaxKeys: limit,
    });
    const { Contents = [] } = await this.ask(() => this.client.send(command));
    return Contents.flatMap(({ Key: key, Size: sizeBytes = 0, LastModified: modifiedAt }) =>
      key && modifiedAt ? [{ key, sizeBytes, modifiedAt }] : [],
    );
  }

  async urlFor(scope: TenantScope, key: string, options: UrlOptions): Promise<string> {
    const place = this.placeOf(key);
    refuseForeignUpload(scope, place.Key);
    const command = new GetObjectCommand({
      ...place,
      ResponseContentDisposition: attachment(options.fileName ?? place.Key.split('/').at(-1) ?? ''),
      ResponseContentType: options.contentType,
    });
    return this.ask(() => getSignedUrl(this.client, command, { expiresIn: options.expiresInSeconds }));
  }

  async check({ signal }: { signal?: AbortSignal } = {}): Promise<void> {
    try {
      await this.client.send(new HeadBucketCommand({ Bucket: this.bucket }), { abortSignal: signal });
    } catch (error) {
      signal?.throwIfAborted();
      throw toS3Fault(isMissing(error) ? { name: 'NoSuchBucket' } : error, this.bucket);
    }
  }

  private placeOf(key: string): { Bucket: string; Key: string } {
    return { Bucket: this.bucket, Key: parseKey(key).join('/') };
  }

  private toOpened({ Body, ContentLength }: GetObjectCommandOutput, signal?: AbortSignal): OpenedObject {
    if (!(Body instanceof Readable) || ContentLength === undefined)
      throw new Fault('storage.unavailable', 'The storage answered without a length.');
    const stream = Readable.from(whole(Body, ContentLength, this.bucket, signal), { objectMode: false });
    stream.once('close', () => Body.destroy());
    return { stream, sizeBytes: ContentLength };
  }

  /** A miss is looked at twice: the bucket may be the one that is missing, and a folder is no file. */
  private async explain(error: unknown, key: string): Promise<unknown> {
    if (!isMissing(error)) return toS3Fault(error, this.bucket);
    try {
      const inside = await this.list(key, { limit: 1 });
      return inside.length > 0 ? notAFile() : toS3Fault(error, this.bucket);
    } catch (failure) {
      return failure;
    }
  }

  private async ask<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      throw toS3Fault(error, this.bucket);
    }
  }
}

function isMissing(error: unknown): boolean {
  return ['NoSuchKey', 'NotFound'].includes((error as Error).name);
}

/** The bytes of an answer, to the last one that it announced. */
async function* whole(body: Readable, sizeBytes: number, bucket: string, signal?: AbortSignal) {
  let left = sizeBytes;
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      left -= chunk.length;
      yield chunk;
    }
  } catch (error) {
    signal?.throwIfAborted();
    throw toS3Fault(error, bucket);
  }
  if (left !== 0) throw new Fault('storage.unavailable', `The storage left out ${left} bytes.`);
}

/** Knows with what the bytes broke off: that is the source's own error, any other is the storage's. */
class Remembered {
  failure: unknown;

  constructor(private readonly chunks: AsyncIterable<Uint8Array>) {}

  async *pass(): AsyncGenerator<Uint8Array> {
    try {
      yield* this.chunks;
    } catch (error) {
      this.failure = error;
      throw error;
    }
  }
}

/**
 * The client with requests that end with the signal, all but those that begin and take back an upload in parts: who does not
 * hear the name of one cannot take it back.
 */
function stoppable(client: S3Client, abortSignal: AbortSignal | undefined): S3Client {
  const send = (command: Parameters<S3Client['send']>[0]) => {
    const must =
      command instanceof CreateMultipartUploadCommand || command instanceof AbortMultipartUploadCommand;
    return client.send(command, must ? {} : { abortSignal });
  };
  return Object.create(client, { send: { value: send } }) as S3Client;
}
