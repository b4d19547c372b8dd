import { Fault } from '../kernel/fault.js';
import type { TenantScope } from '../kernel/tenant-scope.js';
import type { SourcePolicy } from '../storage/source-policy.js';
import type { Source } from '../storage/source.js';

/**
 * Where an image's bytes are, by what its request says.
 * @param path of the field, for the fault
 * @throws Fault as SourcePolicy does, naming the field
 */
export function imageSource(
  policy: SourcePolicy,
  scope: TenantScope,
  imagePath: string,
  path = 'image_path',
): Source {
  try {
    return policy.parseImagePath(scope, imagePath);
  } catch (error) {
    if (!Fault.is(error)) throw error;
    const message = error.detail.replace(/^The (key|URL) /, '');
    const options = { ...error.options, errors: [{ path, message }], cause: error };
    throw new Fault(error.code, error.detail, options);
  }
}
