import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Global, Module } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Config, readConfig } from '../config/config.js';
import { DatabaseModule } from '../database/database.module.js';
import { createHttpApp } from '../http/http-app.js';
import { HttpModule } from '../http/http.module.js';
import { TelemetryModule } from '../telemetry/telemetry.module.js';
import { FileLinks } from './file-links.js';
import { newUploadKey } from './upload-keys.js';
import { ObjectStore, type UrlOptions } from './object-store.js';
import { StorageApiModule } from './storage.module.js';

const SECRET = 'the secret key of a test of files';
const scope = { tenantId: 'one' };

describe('a file by its link', () => {
  let root: string;
  let app: NestFastifyApplication;
  let objects: ObjectStore;

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'files-'));
    const config = readConfig({
      DATABASE_URL: 'postgres://localhost/x',
      AUTH_MODE: 'disabled',
      LOG_LEVEL: 'silent',
      STORAGE_ROOT: root,
      INTAKE_SECRET_KEY: SECRET,
    });
    @Global()
    @Module({ providers: [{ provide: Config, useValue: config }], exports: [Config] })
    class SettingsModule {}
    @Module({ imports: [SettingsModule, TelemetryModule, DatabaseModule, HttpModule, StorageApiModule] })
    class Root {}
    app = await createHttpApp(Root, config);
    await app.init();
    await app.getHttpAdapter().getInstance().ready();
    objects = app.get(ObjectStore, { strict: false });
    await objects.put('evil.html', Buffer.from('<script>alert(1)</script>'));
  });
  afterAll(async () => {
    await app?.close();
    await rm(root, { recursive: true });
  });

  const linkTo = (key: string, options: Partial<UrlOptions> = {}) =>
    objects.urlFor(scope, key, { expiresInSeconds: 60, ...options });
  const get = (url: string, headers: Record<string, string> = {}) => app.inject({ url, headers });

  it('is saved by a browser, and runs nowhere', async () => {
    const url = await linkTo('evil.html', { contentType: 'text/html', fileName: 'a "b"\r\n.html' });
    const { statusCode, headers, body } = await get(url);
    expect([statusCode, body]).toEqual([200, '<script>alert(1)</script>']);
    expect(headers).toMatchObject({
      'content-type': 'text/html',
      'content-length': '25',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; sandbox",
      'content-disposition': `attachment; filename="a _b___.html"; filename*=UTF-8''a%20_b___.html`,
      'cache-control': expect.stringMatching(/^private, max-age=(60|59)$/),
    });
    expect((await get(await linkTo('evil.html'))).headers['content-type']).toBe('application/octet-stream');
  });

  it('comes in parts', async () => {
    const url = await linkTo('evil.html');
    const part = await get(url, { range: 'bytes=1-6' });
    expect([part.statusCode, part.body, part.headers['content-range']]).toEqual([
      206,
      'script',
      'bytes 1-6/25',
    ]);
    const behind = await get(url, { range: 'bytes=25-' });
    expect([behind.statusCode, behind.headers['content-range']]).toEqual([416, 'bytes */25']);
  });

  it('is refused once the link is expired, changed, or another tenant’s', async () => {
    const codeOf = async (url: string) => {
      const { statusCode, body } = await get(url);
      return [statusCode, (JSON.parse(body) as { code: string }).code];
    };
    const url = await linkTo('evil.html');
    expect(await codeOf(`${url.slice(0, -3)}AAA`)).toEqual([403, 'file_link.invalid']);
    expect(await codeOf('/api/files/x')).toEqual([403, 'file_link.invalid']);
    const signed = (key: string, until: number) =>
      `/api/files/${new FileLinks([SECRET]).sign({ key, until, tenant: 'one' })}`;
    expect(await codeOf(signed('evil.html', 1))).toEqual([410, 'file_link.expired']);
    expect(await codeOf(signed('../evil', 9_999_999_999))).toEqual([422, 'path.forbidden']);
    const foreign = newUploadKey('documents', { tenantId: 'two' });
    expect(await codeOf(signed(foreign, 9_999_999_999))).toEqual([422, 'path.forbidden']);
    expect(await codeOf(await linkTo('nothing'))).toEqual([404, 'source.not_found']);
  });
});
