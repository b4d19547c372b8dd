import { createHash } from 'node:crypto';
import { Fault } from '../kernel/fault.js';
import { newId } from '../kernel/ids.js';
import type { TenantScope } from '../kernel/tenant-scope.js';

/** Objects below this folder are ours: uploads, each of one tenant, removed when nothing refers to them any more. */
const UPLOADS = 'uploads/';
const TENANT_CHARACTERS = 16;

/** The folder of a feature's uploads. @param feature such as `documents` */
export function uploadsOf(feature: string): string {
  return UPLOADS + feature;
}

/** A key for an upload that comes in: nobody can guess it, nothing of what the client says is in it. */
export function newUploadKey(feature: string, scope: TenantScope): string {
  return `${uploadsOf(feature)}/${folderOf(scope)}/${newId()}`;
}

export function isUploadKey(key: string): boolean {
  return key.startsWith(UPLOADS);
}

/** @param key as `parseKey` writes it @throws Fault path.forbidden for an upload of somebody else */
export function refuseForeignUpload(scope: TenantScope, key: string): void {
  if (!isUploadKey(key)) return;
  const [, feature, tenant] = key.split('/');
  // Uploads of 0.1 have no feature in their key.
  if (tenant === folderOf(scope) || feature === folderOf(scope)) return;
  throw new Fault('path.forbidden', 'The key belongs to an upload of somebody else.');
}

function folderOf({ tenantId }: TenantScope): string {
  return createHash('sha256').update(tenantId).digest('hex').slice(0, TENANT_CHARACTERS);
}
