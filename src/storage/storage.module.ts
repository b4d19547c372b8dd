// owns: bytes that outlive a request, by key, and the way from a source to a local file.
// promises: a key never leaves its root; a stored object is whole or absent; what was read is hashed and bounded.
// never: knows what the bytes mean.
import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { Config } from '../config/config.js';
import { OutboundModule } from '../http/outbound.module.js';
import { Clock } from '../kernel/clock.js';
import { Buckets } from './buckets.js';
import { FilesController } from './files.controller.js';
import { FilesystemObjectStore } from './filesystem-object-store.adapter.js';
import { ObjectStore } from './object-store.js';
import { OrphanedUploadsSweep } from './orphaned-uploads.sweep.js';
import { SourcePolicy } from './source-policy.js';
import { SourceReader } from './source-reader.js';
import { UploadSweepsRepository } from './upload-sweeps.repository.js';
import { Uploads } from './uploads.js';

/** The S3 client is big: it is loaded where a bucket is known. */
async function bucketsOf({ storage: { s3 } }: Config): Promise<Buckets> {
  if (!s3) return new Buckets();
  const [{ createS3Client }, { S3ObjectStore }] = await Promise.all([
    import('./s3-client.adapter.js'),
    import('./s3-object-store.adapter.js'),
  ]);
  const client = createS3Client(s3);
  return new Buckets(new Map(s3.buckets.map((bucket) => [bucket, new S3ObjectStore(client, bucket)])));
}

function objectStoreOf(config: Config, buckets: Buckets, clock: Clock): ObjectStore {
  const { driver, s3 } = config.storage;
  return driver === 's3' && s3?.bucket ? buckets.of(s3.bucket) : new FilesystemObjectStore(config, clock);
}

@Module({
  imports: [DiscoveryModule, OutboundModule],
  providers: [
    Clock,
    { provide: Buckets, inject: [Config], useFactory: bucketsOf },
    { provide: ObjectStore, inject: [Config, Buckets, Clock], useFactory: objectStoreOf },
    SourcePolicy,
    OrphanedUploadsSweep,
    SourceReader,
    Uploads,
    UploadSweepsRepository,
  ],
  exports: [ObjectStore, SourcePolicy, SourceReader, Uploads],
})
export class StorageModule {}

@Module({ imports: [StorageModule], controllers: [FilesController], providers: [Clock] })
export class StorageApiModule {}
