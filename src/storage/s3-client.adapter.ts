import { S3Client } from '@aws-sdk/client-s3';
import type { S3Config } from '../config/storage-settings.js';

export interface S3Limits {
  connectMs: number;
  /** From the request to the head of the answer. */
  answerMs: number;
  /** Without a byte in either direction. */
  idleMs: number;
  /** Of one request, the first included. */
  attempts: number;
}

const LIMITS: S3Limits = { connectMs: 3_000, answerMs: 30_000, idleMs: 15_000, attempts: 3 };

/**
 * A client whose every call ends. Checksums beyond what S3 demands are left out: R2, MinIO and others do not know them
 * all. Hosts that the operator configures may be private, so this way out is not the guarded one.
 */
export function createS3Client(s3: S3Config, limits: S3Limits = LIMITS): S3Client {
  return new S3Client({
    endpoint: s3.endpoint,
    region: s3.region,
    credentials: s3.credentials,
    forcePathStyle: s3.forcePathStyle,
    maxAttempts: limits.attempts,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      connectionTimeout: limits.connectMs,
      requestTimeout: limits.answerMs,
      throwOnRequestTimeout: true,
      socketTimeout: limits.idleMs,
    },
  });
}
