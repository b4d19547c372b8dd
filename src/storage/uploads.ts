import type { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import type { TenantScope } from '../kernel/tenant-scope.js';
import { ObjectStore, type StoredObject, type TransferOptions } from './object-store.js';
import { UploadOwner } from './upload-owner.js';
import { isUploadKey, newUploadKey } from './upload-keys.js';

export interface StoredUpload extends StoredObject {
  key: string;
}

/** What clients send and features refer to: kept as long as anything does. */
@Injectable()
export class Uploads {
  private known: readonly UploadOwner[] | null = null;

  constructor(
    private readonly objects: ObjectStore,
    private readonly discovery: DiscoveryService,
  ) {}

  /** Stores what a client sends under a key of our own. @param feature of an UploadOwner */
  async put(
    feature: string,
    scope: TenantScope,
    body: Readable,
    options: TransferOptions = {},
  ): Promise<StoredUpload> {
    const key = newUploadKey(feature, scope);
    return { key, ...(await this.objects.put(key, body, options)) };
  }

  /**
   * Removes those of the keys that are uploads to which nothing refers any more; others are left alone.
   * @returns how many were removed
   */
  async release(keys: readonly string[]): Promise<number> {
    const uploads = keys.filter(isUploadKey);
    if (uploads.length === 0) return 0;
    const inUse = new Set<string>();
    for (const owner of this.owners()) for (const key of await owner.inUse(uploads)) inUse.add(key);
    const free = uploads.filter((key) => !inUse.has(key));
    for (const key of free) await this.objects.delete(key);
    return free.length;
  }

  /** Found at the first use: by then every module has made what it provides. */
  owners(): readonly UploadOwner[] {
    if (this.known) return this.known;
    const provided = this.discovery.getProviders().map(({ instance }) => instance as unknown);
    this.known = [...new Set(provided.filter((instance) => instance instanceof UploadOwner))];
    return this.known;
  }
}
