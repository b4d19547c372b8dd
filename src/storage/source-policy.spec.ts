import { describe, expect, it } from 'vitest';
import { readConfig } from '../config/config.js';
import { OutboundPolicy } from '../http/outbound-policy.js';
import { Buckets } from './buckets.js';
import type { ObjectStore } from './object-store.js';
import { SourcePolicy } from './source-policy.js';
import { newUploadKey } from './upload-keys.js';

const scope = { tenantId: 'one' };
const store = {} as ObjectStore;

function policyWith(variables: Record<string, string> = {}): SourcePolicy {
  const config = readConfig({
    DATABASE_URL: 'postgres://localhost/x',
    AUTH_MODE: 'disabled',
    STORAGE_ROOT: '/srv/intake',
    S3_BUCKET: 'own',
    S3_ALLOWED_BUCKETS: 'scans, faxes.2026',
    ...variables,
  });
  const buckets = new Buckets(new Map(config.storage.s3?.buckets.map((bucket) => [bucket, store])));
  return new SourcePolicy(config, buckets, new OutboundPolicy({ allow: [], allowLoopback: false }));
}

const policy = policyWith({ IMAGE_ROOTS: '/mnt/pictures:/mnt/scans/' });
const said = (read: () => unknown) => {
  try {
    return read();
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe('where a client says that bytes are', () => {
  it.each([
    ['inbox/a.pdf', { kind: 'key', key: 'inbox/a.pdf' }],
    ['inbox//./a.pdf', { kind: 'key', key: 'inbox/a.pdf' }],
    ['s3://scans/2026/a.pdf', { kind: 'object', bucket: 'scans', key: '2026/a.pdf' }],
    ['R2://scans/a%20b.pdf', { kind: 'object', bucket: 'scans', key: 'a%20b.pdf' }],
    ['minio://faxes.2026/what?#.pdf', { kind: 'object', bucket: 'faxes.2026', key: 'what?#.pdf' }],
    ['s3://own/a.pdf', { kind: 'object', bucket: 'own', key: 'a.pdf' }],
    ['s3://elsewhere/a.pdf', 'bucket.forbidden'],
    ['s3://scans/../own/a.pdf', 'path.forbidden'],
    ['s3://scans', 'source.unsupported'],
    ['s3://scans/', 'source.unsupported'],
    ['s3:///a.pdf', 'source.unsupported'],
    ['https://example.com/a.pdf', 'source.unsupported'],
    ['file:///etc/passwd', 'source.unsupported'],
    ['gs://scans/a.pdf', 'source.unsupported'],
    ['/etc/passwd', 'path.forbidden'],
    ['../a.pdf', 'path.forbidden'],
    ['uploads/documents/0123456789abcdef/x', 'path.forbidden'],
    ['uploads/x', 'path.forbidden'],
  ])('%j is what a document may name: %j', (text, expected) => {
    expect(said(() => policy.parseStored(scope, text))).toEqual(expected);
  });

  it.each([
    ['inbox/a.png', { kind: 'key', key: 'inbox/a.png' }],
    ['/inbox/a.png', { kind: 'key', key: 'inbox/a.png' }],
    ['//inbox/a.png', { kind: 'key', key: 'inbox/a.png' }],
    ['/etc/passwd', { kind: 'key', key: 'etc/passwd' }],
    ['/srv/intake/inbox/a.png', { kind: 'key', key: 'inbox/a.png' }],
    ['/srv/intake-evil/a.png', { kind: 'key', key: 'srv/intake-evil/a.png' }],
    ['/mnt/pictures/cats/a.png', { kind: 'file', root: '/mnt/pictures', segments: ['cats', 'a.png'] }],
    ['/mnt/scans/a.png', { kind: 'file', root: '/mnt/scans', segments: ['a.png'] }],
    ['/mnt/pictures-evil/a.png', { kind: 'key', key: 'mnt/pictures-evil/a.png' }],
    ['s3://scans/a.png', { kind: 'object', bucket: 'scans', key: 'a.png' }],
    ['https://example.com/a.png', { kind: 'url', url: 'https://example.com/a.png' }],
    ['/mnt/pictures/../secret.png', 'path.forbidden'],
    ['/mnt/pictures/a/../../../etc/passwd', 'path.forbidden'],
    ['/srv/intake/../secret.png', 'path.forbidden'],
    ['/../etc/passwd', 'path.forbidden'],
    ['../../etc/passwd', 'path.forbidden'],
    ['/mnt/pictures', 'source.not_a_file'],
    ['/mnt/pictures/a\0.png', 'path.forbidden'],
    ['/srv/intake/uploads/documents/0123456789abcdef/x', 'path.forbidden'],
    ['http://10.0.0.1/a.png', 'outbound.forbidden'],
    ['http://127.1/a.png', 'outbound.forbidden'],
    ['ftp://example.com/a.png', 'source.unsupported'],
  ])('%j is what an image may name: %j', (text, expected) => {
    expect(said(() => policy.parseImagePath(scope, text))).toEqual(expected);
  });

  it('lets a tenant name its own uploads, and nobody else', () => {
    const key = newUploadKey('documents', scope);
    expect(policy.parseStored(scope, key)).toEqual({ kind: 'key', key });
    expect(said(() => policy.parseStored({ tenantId: 'two' }, key))).toBe('path.forbidden');
  });

  it('knows its own bucket when that is where its files are', () => {
    const own = policyWith({ STORAGE_DRIVER: 'minio' });
    expect(own.parseStored(scope, 's3://own/a.pdf')).toEqual({ kind: 'key', key: 'a.pdf' });
    const key = newUploadKey('documents', { tenantId: 'two' });
    expect(said(() => own.parseStored(scope, `s3://own/${key}`))).toBe('path.forbidden');
    const file = { kind: 'file', root: '/srv/intake', segments: ['a.png'] };
    expect(own.parseImagePath(scope, '/srv/intake/a.png')).toEqual(file);
  });

  it('says so when no bucket is known at all', () => {
    const none = policyWith({ S3_BUCKET: '', S3_ALLOWED_BUCKETS: '' });
    expect(said(() => none.parseStored(scope, 's3://own/a.pdf'))).toBe('bucket.forbidden');
  });
});
