import { Fault } from '../kernel/fault.js';

interface S3Error {
  name?: string;
  /** Of the connection, such as ECONNREFUSED. */
  code?: string;
  $metadata?: { httpStatusCode?: number };
}

const MISSING = ['NoSuchKey', 'NotFound'];
const DENIED =
  'The storage denies access; check S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY and the policy of the bucket';

/** What an error of the S3 client means to a caller. Host names stay inside. */
export function toS3Fault(error: unknown, bucket: string): unknown {
  if (Fault.is(error)) return error;
  const { name = '', code, $metadata } = error as S3Error;
  const options = { internal: String(error), cause: error };
  if (name === 'NoSuchBucket')
    return new Fault('storage.unavailable', `There is no bucket ${bucket}.`, options);
  if (MISSING.includes(name))
    return new Fault('source.not_found', 'Nothing is stored under this key.', options);
  if (name === 'KeyTooLongError')
    return new Fault('path.too_long', 'The key is longer than this storage allows.', options);
  if (name === 'EntityTooLarge')
    return new Fault('source.too_large', 'The file is larger than this storage allows.', options);
  const status = $metadata?.httpStatusCode;
  if (status === 401 || status === 403)
    return new Fault('storage.unavailable', `${DENIED} (${plain(name)}).`, options);
  if (status !== undefined)
    return new Fault('storage.unavailable', `The storage answered ${status} (${plain(name)}).`, options);
  return new Fault('storage.unavailable', `The storage cannot be reached (${plain(code ?? name)}).`, options);
}

/** A name as the protocol has them; anything else is not shown. */
function plain(name: string): string {
  return /^[A-Za-z0-9_]{1,64}$/.test(name) ? name : 'unknown';
}
