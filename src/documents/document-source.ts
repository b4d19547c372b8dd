import { Fault } from '../kernel/fault.js';
import type { TenantScope } from '../kernel/tenant-scope.js';
import type { SourcePolicy } from '../storage/source-policy.js';
import type { Source } from '../storage/source.js';
import { isUploadKey } from '../storage/upload-keys.js';
import type { DocumentPayload } from './documents.contract.js';

type Place = Pick<DocumentPayload, 'r2_key' | 'source_url'>;

/** Where the client said what to read: an upload came as a part of a form. */
export function fieldOf({ r2_key = '', source_url }: Place): string {
  if (source_url !== undefined) return 'source_url';
  return isUploadKey(r2_key) ? 'file' : 'r2_key';
}

/**
 * Where a document's bytes are, by what its request says.
 * @throws Fault as SourcePolicy does, naming the field
 */
export function sourceOf(
  policy: SourcePolicy,
  scope: TenantScope,
  { r2_key = '', source_url }: Place,
): Source {
  const path = source_url === undefined ? 'r2_key' : 'source_url';
  try {
    return source_url === undefined ? policy.parseStored(scope, r2_key) : policy.parseUrl(source_url);
  } catch (error) {
    if (!Fault.is(error)) throw error;
    const message = error.detail.replace(/^The (key|URL) /, '');
    throw new Fault(error.code, error.detail, {
      ...error.options,
      errors: [{ path, message }],
      cause: error,
    });
  }
}
