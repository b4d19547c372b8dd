import { z } from 'zod';
import { parseAllowList } from '../kernel/allow-entry.js';
import { EMBEDDING_VARIABLES, embedderFaults } from './embedder-settings.js';
import { redisFaults } from './redis-settings.js';
import { driverOf, STORAGE_DRIVERS, storageFaults } from './storage-settings.js';

/** Text that an orchestrator leaves empty counts as not set. */
const optionalText = z
  .string()
  .optional()
  .transform((text) => (text?.trim() ? text.trim() : undefined));

const integer = (fallback: number, min: number, max: number) =>
  z
    .string()
    .optional()
    .transform((text) => (text?.trim() ? Number(text) : fallback))
    .pipe(z.number('must be a number').int('must be a whole number').min(min).max(max));

const span = (unit: string) => (fallback: number, min: number, max: number) =>
  z
    .string()
    .optional()
    .transform((text) => (text?.trim() ? Number(text) : fallback))
    .pipe(z.number(`must be a number of ${unit}`).min(min).max(max));
const seconds = span('seconds');

const flag = <Fallback extends boolean | undefined>(fallback: Fallback) =>
  z
    .string()
    .optional()
    .transform((text, context) => {
      const word = text?.trim().toLowerCase();
      if (!word) return fallback;
      if (['1', 'true', 'yes', 'on'].includes(word)) return true;
      if (['0', 'false', 'no', 'off'].includes(word)) return false;
      context.addIssue('must be true or false');
      return z.NEVER;
    });

const oneOf = <const Words extends readonly [string, ...string[]]>(...words: Words) =>
  z
    .string()
    .optional()
    .transform((text) => text?.trim().toLowerCase() || words[0])
    .pipe(z.enum(words));

type EmbeddingVariable = (typeof EMBEDDING_VARIABLES)[number];
const embeddingVariables = Object.fromEntries(
  EMBEDDING_VARIABLES.map((name) => [name, optionalText]),
) as Record<EmbeddingVariable, typeof optionalText>;

const LOG_LEVELS = { warning: 'warn', critical: 'fatal' } as Record<string, string>;

const logLevel = z
  .string()
  .optional()
  .transform((text) => {
    const level = (text?.trim() || 'info').toLowerCase();
    return LOG_LEVELS[level] ?? level;
  })
  .pipe(z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']));

/** `postgresql+asyncpg://` and the like: the driver is somebody else's business. */
const databaseUrl = optionalText
  .transform((url) => url?.replace(/^(postgres(?:ql)?)\+\w+:/, '$1:'))
  .refine(
    (url) => url === undefined || /^postgres(ql)?:\/\//.test(url),
    'must begin with postgresql:// or postgres://',
  );

const MIN_SECRET_LENGTH = 32;

const secretKey = optionalText.refine(
  (text) => text === undefined || text.length >= MIN_SECRET_LENGTH,
  `must have at least ${MIN_SECRET_LENGTH} characters; make one with: openssl rand -base64 32`,
);

/** Names that earlier systems used for the same setting. */
export const ALIASES = {
  DEFAULT_TIMEOUT: 'TASK_TIMEOUT',
  RESULT_TTL: 'RESULT_TTL_SECONDS',
  WORKER_NAME: 'WORKER_ID',
  WORKER_CONCURRENCY: 'WORKER_BATCH_SIZE',
} as const;

/** The environment, variable by variable: the only list of them. Durations are in the unit that the variable names. */
export const Environment = z
  .object({
    DATABASE_URL: databaseUrl,
    DATABASE_DIRECT_URL: databaseUrl,
    DATABASE_POOL_SIZE: integer(10, 1, 500),
    REDIS_URL: optionalText,
    REDIS_HOST: optionalText,
    REDIS_PORT: optionalText,
    REDIS_DB: integer(0, 0, 1_000_000),
    REDIS_USERNAME: optionalText,
    REDIS_PASSWORD: optionalText,
    REDIS_CLUSTER_NODES: optionalText,
    REDIS_SENTINELS: optionalText,
    REDIS_SENTINEL_NAME: optionalText,
    REDIS_TLS: flag(false),
    REDIS_TLS_CA_FILE: optionalText,
    REDIS_TLS_CERT_FILE: optionalText,
    REDIS_TLS_KEY_FILE: optionalText,
    QUEUE_NAME: z
      .string()
      .optional()
      .transform((text) => text?.trim() || 'intake')
      .pipe(
        z
          .string()
          .regex(/^[A-Za-z][A-Za-z0-9_-]{0,31}$/, 'must be a letter and up to 31 letters, digits, _ or -'),
      ),
    MAX_QUEUE_SIZE: integer(10_000, 0, 1_000_000_000),
    TASK_STATUS_EXPIRY_HOURS: span('hours')(24, 0.001, 87_600),
    DEAD_LETTER_RETENTION_DAYS: span('days')(30, 0.001, 3_650),
    RESULT_TTL_SECONDS: seconds(0, 0, 315_360_000),
    ALLOW_FLUSH: flag(false),
    TASK_TIMEOUT: seconds(300, 0.1, 86_400).optional(),
    TASK_MAX_ATTEMPTS: integer(3, 1, 100),
    TASK_BACKOFF_MS: integer(2_000, 0, 86_400_000),
    WORKER_ID: optionalText,
    WORKER_QUEUES: optionalText,
    WORKER_BATCH_SIZE: integer(0, 0, 1_000),
    WORKER_POLL_INTERVAL: seconds(1, 0.05, 60),
    WORKER_PROCESSES: integer(1, 1, 256),
    BURST_MODE: flag(false),
    BURST_STRICT: flag(false),
    WORKER_HEALTH_PORT: integer(-1, -1, 65_535),
    QDRANT_URL: optionalText.refine(
      (url) => url === undefined || isPlainUrl(url),
      'must be an address such as https://qdrant.example:6333, without user and password',
    ),
    QDRANT_API_KEY: optionalText,
    STORAGE_DRIVER: z.string().optional().transform(driverOf).pipe(z.enum(STORAGE_DRIVERS)),
    STORAGE_ROOT: optionalText,
    IMAGE_ROOTS: optionalText,
    S3_ENDPOINT: optionalText,
    S3_REGION: optionalText,
    S3_BUCKET: optionalText,
    S3_ALLOWED_BUCKETS: optionalText,
    S3_ACCESS_KEY_ID: optionalText,
    S3_SECRET_ACCESS_KEY: optionalText,
    S3_FORCE_PATH_STYLE: flag(undefined),
    UPLOAD_MAX_BYTES: integer(100 * 1024 * 1024, 1, 10 * 1024 ** 3),
    BODY_MAX_BYTES: integer(1024 * 1024, 1_024, 100 * 1024 * 1024),
    IMAGE_EMBEDDER: oneOf('builtin', 'clip', 'http'),
    TEXT_EMBEDDER: oneOf('builtin', 'transformers', 'http'),
    ...embeddingVariables,
    SHUTDOWN_TIMEOUT: seconds(30, 0, 3_600),
    AGING_SECONDS: integer(3_600, 0, 86_400 * 365),
    AUTH_MODE: oneOf('required', 'disabled'),
    OCR_ENGINE: oneOf('tesseract', 'tesseract.js'),
    INTAKE_SECRET_KEY: secretKey,
    INTAKE_SECRET_KEY_PREVIOUS: secretKey,
    OUTBOUND_ALLOW: optionalText,
    LOG_LEVEL: logLevel,
    LOG_FILE: optionalText,
    LOG_FORMAT: optionalText.pipe(z.enum(['json', 'pretty']).optional()),
    API_HOST: z
      .string()
      .optional()
      .transform((text) => text?.trim() || '127.0.0.1'),
    API_PORT: integer(8_000, 0, 65_535),
    INTAKE_DATA_DIR: z
      .string()
      .optional()
      .transform((text) => text?.trim() || '.intake'),
    OTEL_EXPORTER_OTLP_ENDPOINT: optionalText,
  })
  .superRefine((env, context) => {
    const fault = (path: string, message: string) =>
      context.addIssue({ code: 'custom', path: [path], message });
    for (const [path, message] of [...redisFaults(env), ...storageFaults(env), ...embedderFaults(env)])
      fault(path, message);
    if (env.INTAKE_SECRET_KEY_PREVIOUS && !env.INTAKE_SECRET_KEY)
      fault('INTAKE_SECRET_KEY_PREVIOUS', 'is set without INTAKE_SECRET_KEY; name the key in use too');
    for (const entry of parseAllowList(env.OUTBOUND_ALLOW).faulty) {
      fault(
        'OUTBOUND_ALLOW',
        `holds ${entry}; each entry is a host, host:port, address or network (10.0.0.0/8)`,
      );
    }
    if (env.AUTH_MODE === 'required') {
      fault('AUTH_MODE', 'API keys are not available yet: set AUTH_MODE=disabled and listen on loopback');
    } else if (!isLoopback(env.API_HOST)) {
      fault('API_HOST', `AUTH_MODE=disabled is refused on ${env.API_HOST}; listen on 127.0.0.1`);
    }
  });

export type Environment = z.output<typeof Environment>;

/** An http(s) address that carries no secret. */
function isPlainUrl(text: string): boolean {
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) return false;
  const { username, password } = new URL(text);
  return username === '' && password === '';
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}
