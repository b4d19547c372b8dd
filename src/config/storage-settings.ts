import { delimiter, join, resolve } from 'node:path';

export const STORAGE_DRIVERS = ['filesystem', 's3'] as const;
export type StorageDriver = (typeof STORAGE_DRIVERS)[number];

/** A storage that speaks S3: Amazon's, Cloudflare R2, MinIO. */
export interface S3Config {
  /** `undefined`: Amazon's own. */
  endpoint?: string;
  region: string;
  /** Where our own objects live with the driver `s3`. */
  bucket?: string;
  /** All that may be read by name, `bucket` included. */
  buckets: readonly string[];
  /** `undefined`: what the machine itself is given (profile, role). */
  credentials?: { accessKeyId: string; secretAccessKey: string };
  forcePathStyle: boolean;
}

export interface StorageConfig {
  driver: StorageDriver;
  root: string;
  /** Folders of this machine whose files may be read by their path. */
  imageRoots: readonly string[];
  /** `null`: no bucket is known. */
  s3: S3Config | null;
}

/** What the environment says about storage. */
interface StorageVariables {
  STORAGE_DRIVER: StorageDriver;
  STORAGE_ROOT?: string;
  IMAGE_ROOTS?: string;
  S3_ENDPOINT?: string;
  S3_REGION?: string;
  S3_BUCKET?: string;
  S3_ALLOWED_BUCKETS?: string;
  S3_ACCESS_KEY_ID?: string;
  S3_SECRET_ACCESS_KEY?: string;
  S3_FORCE_PATH_STYLE?: boolean;
}

/** Names that say which S3 it is. */
const SAME_DRIVER: Readonly<Record<string, string>> = { minio: 's3', r2: 's3' };

export const BUCKET_NAME = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

export function driverOf(text: string | undefined): string {
  const driver = text?.trim().toLowerCase() || 'filesystem';
  return SAME_DRIVER[driver] ?? driver;
}

export function toStorage(env: StorageVariables, dataDir: string): StorageConfig {
  const root = resolve(env.STORAGE_ROOT ?? join(dataDir, 'files'));
  const roots = listOf(env.IMAGE_ROOTS, delimiter).map((path) => resolve(path));
  return {
    driver: env.STORAGE_DRIVER,
    root,
    imageRoots: roots.length > 0 ? roots : [root],
    s3: toS3(env),
  };
}

/** What is wrong with the variables of the storage together, each as `[variable, text]`. */
export function storageFaults(env: StorageVariables): Array<[keyof StorageVariables, string]> {
  const faults: Array<[keyof StorageVariables, string] | false> = [
    env.STORAGE_DRIVER === 's3' &&
      !env.S3_BUCKET && ['S3_BUCKET', 'is not set: name the bucket that STORAGE_DRIVER=s3 keeps files in'],
    !!env.S3_ACCESS_KEY_ID &&
      !env.S3_SECRET_ACCESS_KEY && ['S3_SECRET_ACCESS_KEY', 'is not set: it belongs to S3_ACCESS_KEY_ID'],
    !!env.S3_SECRET_ACCESS_KEY &&
      !env.S3_ACCESS_KEY_ID && ['S3_ACCESS_KEY_ID', 'is not set: it belongs to S3_SECRET_ACCESS_KEY'],
    !!env.S3_ENDPOINT &&
      !isEndpoint(env.S3_ENDPOINT) && [
        'S3_ENDPOINT',
        'must be a URL without a path, such as https://minio.example:9000; the bucket goes to S3_BUCKET',
      ],
    ...(['S3_BUCKET', 'S3_ALLOWED_BUCKETS'] as const).map(
      (name): [typeof name, string] | false =>
        !listOf(env[name], ',').every((bucket) => BUCKET_NAME.test(bucket)) && [
          name,
          'must be 3 to 63 small letters, digits, dots or dashes, several separated by commas',
        ],
    ),
  ];
  return faults.filter((fault) => fault !== false);
}

function toS3(env: StorageVariables): S3Config | null {
  const buckets = new Set([...listOf(env.S3_BUCKET, ','), ...listOf(env.S3_ALLOWED_BUCKETS, ',')]);
  if (buckets.size === 0) return null;
  const { S3_ACCESS_KEY_ID: accessKeyId, S3_SECRET_ACCESS_KEY: secretAccessKey } = env;
  return {
    endpoint: env.S3_ENDPOINT,
    region: env.S3_REGION ?? 'us-east-1',
    bucket: env.S3_BUCKET,
    buckets: [...buckets],
    credentials: accessKeyId && secretAccessKey ? { accessKeyId, secretAccessKey } : undefined,
    forcePathStyle: env.S3_FORCE_PATH_STYLE ?? env.S3_ENDPOINT !== undefined,
  };
}

function listOf(text: string | undefined, separator: string): string[] {
  const parts = (text ?? '').split(separator).map((part) => part.trim());
  return parts.filter(Boolean);
}

function isEndpoint(text: string): boolean {
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) return false;
  const { pathname, search, username } = new URL(text);
  return pathname === '/' && !search && !username;
}
