import { describe, expect, it } from 'vitest';
import { ConfigFault, readConfig } from './config.js';

const BASE = { DATABASE_URL: 'postgresql://127.0.0.1/intake', AUTH_MODE: 'disabled' };
const storageOf = (variables: Record<string, string> = {}) => readConfig({ ...BASE, ...variables }).storage;

function faultsOf(variables: Record<string, string>): string[] {
  try {
    storageOf(variables);
    return [];
  } catch (error) {
    if (error instanceof ConfigFault) return error.faults.map((line) => line.split(' ')[0] ?? '');
    throw error;
  }
}

describe('the settings of the storage', () => {
  it('are a folder in the data folder, without any bucket', () => {
    const { driver, root, imageRoots, s3 } = storageOf({ INTAKE_DATA_DIR: '/data' });
    expect([driver, root, imageRoots, s3]).toEqual(['filesystem', '/data/files', ['/data/files'], null]);
  });

  it('name folders of pictures', () => {
    expect(storageOf({ IMAGE_ROOTS: '/mnt/a:/mnt/b/: ' }).imageRoots).toEqual(['/mnt/a', '/mnt/b']);
  });

  it('take R2 and MinIO for the S3 that they are', () => {
    const keys = { S3_ACCESS_KEY_ID: 'id', S3_SECRET_ACCESS_KEY: 'secret' };
    for (const driver of ['s3', 'R2', ' minio '])
      expect(storageOf({ STORAGE_DRIVER: driver, S3_BUCKET: 'own', ...keys })).toMatchObject({
        driver: 's3',
        s3: { bucket: 'own', buckets: ['own'], region: 'us-east-1', forcePathStyle: false },
      });
    expect(
      storageOf({ S3_ENDPOINT: 'http://127.0.0.1:9000', S3_ALLOWED_BUCKETS: 'a-1, b.2,' }).s3,
    ).toMatchObject({
      bucket: undefined,
      buckets: ['a-1', 'b.2'],
      credentials: undefined,
      forcePathStyle: true,
    });
    const told = { S3_BUCKET: 'own', S3_ENDPOINT: 'https://s3.example', S3_FORCE_PATH_STYLE: 'false' };
    expect(storageOf(told).s3?.forcePathStyle).toBe(false);
  });

  it('name everything that does not fit', () => {
    expect(faultsOf({ STORAGE_DRIVER: 's3' })).toEqual(['S3_BUCKET']);
    expect(faultsOf({ STORAGE_DRIVER: 'ftp' })).toEqual(['STORAGE_DRIVER']);
    expect(faultsOf({ S3_ACCESS_KEY_ID: 'id' })).toEqual(['S3_SECRET_ACCESS_KEY']);
    expect(faultsOf({ S3_SECRET_ACCESS_KEY: 'secret' })).toEqual(['S3_ACCESS_KEY_ID']);
    expect(faultsOf({ S3_BUCKET: 'Upper', S3_ALLOWED_BUCKETS: 'ok1,a/b' })).toEqual([
      'S3_BUCKET',
      'S3_ALLOWED_BUCKETS',
    ]);
    for (const endpoint of ['minio:9000', 'http://minio:9000/bucket', 'http://a:b@minio', 'ftp://minio'])
      expect(faultsOf({ S3_ENDPOINT: endpoint })).toEqual(['S3_ENDPOINT']);
  });
});
