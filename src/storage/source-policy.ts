import { sep } from 'node:path';
import { Injectable } from '@nestjs/common';
import { Config } from '../config/config.js';
import { OutboundPolicy } from '../http/outbound-policy.js';
import { Fault } from '../kernel/fault.js';
import type { TenantScope } from '../kernel/tenant-scope.js';
import { Buckets } from './buckets.js';
import { parseKey } from './object-key.js';
import type { Source } from './source.js';
import { refuseForeignUpload } from './upload-keys.js';

const SCHEME = /^([a-z][a-z0-9+.-]*):\/\//i;
const BUCKET_URI = /^(?:s3|minio|r2):\/\/([^/?#]*)\/(.*)$/is;
const URL_SCHEMES = ['http', 'https'];
const BUCKET_SCHEMES = ['s3', 'minio', 'r2'];

/**
 * Reads what clients say about where bytes are, and refuses at once what may never be read. Decides by the text alone:
 * whether anything is there, and where links and names lead, is seen when it is read.
 */
@Injectable()
export class SourcePolicy {
  constructor(
    private readonly config: Config,
    private readonly buckets: Buckets,
    private readonly outbound: OutboundPolicy,
  ) {}

  /**
   * A storage key, or `s3://`, `minio://`, `r2://bucket/key`.
   * @throws Fault path.forbidden, path.too_long, bucket.forbidden, source.unsupported
   */
  parseStored(scope: TenantScope, text: string): Source {
    const scheme = SCHEME.exec(text)?.[1]?.toLowerCase();
    if (scheme === undefined) return this.keyOf(scope, text);
    if (BUCKET_SCHEMES.includes(scheme)) return this.objectOf(scope, text);
    const hint = URL_SCHEMES.includes(scheme) ? 'send a URL as source_url' : 'send a key, or s3://bucket/key';
    throw new Fault('source.unsupported', `Nothing is read from ${scheme}:// here; ${hint}.`);
  }

  /** An http or https URL whose text is plain and names no private address. @throws Fault outbound.forbidden */
  parseUrl(text: string): Source {
    return { kind: 'url', url: this.outbound.target(text).url.href };
  }

  /**
   * What `image_path` may be: a storage key, a bucket URI, an http(s) URL, or a path below one of IMAGE_ROOTS. A path
   * outside of them that begins with `/` is a key below STORAGE_ROOT.
   * @throws Fault path.forbidden for what leaves its root, and those of `parseStored` and `parseUrl`
   */
  parseImagePath(scope: TenantScope, text: string): Source {
    const scheme = SCHEME.exec(text)?.[1]?.toLowerCase() ?? '';
    if (URL_SCHEMES.includes(scheme)) return this.parseUrl(text);
    if (!text.startsWith('/')) return this.parseStored(scope, text);
    const { driver, root: own, imageRoots } = this.config.storage;
    const root = imageRoots.find((each) => isBelow(each, text)) ?? (isBelow(own, text) ? own : undefined);
    if (root === undefined) return this.keyOf(scope, text.replace(/^\/+/, ''));
    const inside = text.slice(root.length).replace(/^\/+/, '');
    if (root === own && driver === 'filesystem') return this.keyOf(scope, inside);
    return { kind: 'file', root, segments: parseKey(inside) };
  }

  private objectOf(scope: TenantScope, text: string): Source {
    const [, bucket = '', key = ''] = BUCKET_URI.exec(text) ?? [];
    if (!bucket || !key) throw new Fault('source.unsupported', 'Name a bucket and a key: s3://bucket/key.');
    this.buckets.of(bucket);
    const { driver, s3 } = this.config.storage;
    if (driver === 's3' && bucket === s3?.bucket) return this.keyOf(scope, key);
    return { kind: 'object', bucket, key: parseKey(key).join('/') };
  }

  private keyOf(scope: TenantScope, text: string): Source {
    const key = parseKey(text).join('/');
    refuseForeignUpload(scope, key);
    return { kind: 'key', key };
  }
}

function isBelow(root: string, path: string): boolean {
  return path === root || path.startsWith(root.endsWith(sep) ? root : root + sep);
}
