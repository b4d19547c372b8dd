import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { parseAllowList, type AllowEntry } from '../kernel/allow-entry.js';
import { toEmbedder, type EmbedderConfig } from './embedder-settings.js';
import { ALIASES, Environment } from './environment.js';
import { toRedis, type RedisConfig } from './redis-settings.js';
import { toStorage, type StorageConfig } from './storage-settings.js';

/** Every fault of the environment at once, one line each. */
export class ConfigFault extends Error {
  override readonly name = 'ConfigFault';

  constructor(readonly faults: readonly string[]) {
    super(
      `The configuration has ${faults.length} fault(s):\n${faults.map((line) => `  ${line}`).join('\n')}`,
    );
  }
}

/** The process's settings: read once, checked once, frozen. Durations are in milliseconds, sizes in bytes. */
export abstract class Config {
  abstract readonly databaseUrl: string;
  /** For LISTEN and session state behind a transaction pooler. */
  abstract readonly databaseDirectUrl: string;
  abstract readonly databasePoolSize: number;
  /** `null`: the transport runs on Postgres. */
  abstract readonly redis: RedisConfig | null;
  abstract readonly queueName: string;
  abstract readonly maxQueueSize: number;
  /** Set only when the environment sets it: it then overrides a task type's own timeout. */
  abstract readonly taskTimeoutMs: number | undefined;
  abstract readonly taskMaxAttempts: number;
  abstract readonly taskBackoffMs: number;
  /** How long completed and cancelled tasks are kept. */
  abstract readonly taskExpirySeconds: number;
  abstract readonly deadLetterRetentionSeconds: number;
  /** `null`: results stay as long as their task. */
  abstract readonly resultTtlSeconds: number | null;
  abstract readonly allowFlush: boolean;
  abstract readonly workerName: string;
  /** `null`: every queue that has a handler here. */
  abstract readonly workerQueues: readonly string[] | null;
  /** `null`: each queue's own default. */
  abstract readonly workerConcurrency: number | null;
  abstract readonly pollIntervalMs: number;
  /** More than 1: this one supervises so many. */
  abstract readonly workerProcesses: number;
  /** The worker ends when nothing is left to do; `strict`: with exit code 1 when a task that it ran failed. */
  abstract readonly burst: { readonly strict: boolean } | null;
  /** `null`: 8001 or the next free one; `0`: off. */
  abstract readonly workerHealthPort: number | null;
  /** `null`: vectors lie in Postgres. */
  abstract readonly qdrant: { readonly url: string; readonly apiKey?: string } | null;
  abstract readonly storage: StorageConfig;
  abstract readonly uploadMaxBytes: number;
  abstract readonly bodyMaxBytes: number;
  abstract readonly imageEmbedder: EmbedderConfig;
  abstract readonly textEmbedder: EmbedderConfig;
  abstract readonly shutdownTimeoutMs: number;
  abstract readonly agingSeconds: number;
  /** `tesseract`: the program of that name on PATH, else the bundled one; `tesseract.js`: the bundled one. */
  abstract readonly ocrEngine: 'tesseract' | 'tesseract.js';
  abstract readonly authMode: 'required' | 'disabled';
  /** What secrets are sealed with; the first is in use, the others only open what they sealed. Empty: none was given. */
  abstract readonly secretKeys: readonly string[];
  /** What callbacks and sources may reach although it is private. */
  abstract readonly outboundAllow: readonly AllowEntry[];
  abstract readonly logLevel: string;
  /** Instead of standard output; appended to. */
  abstract readonly logFile: string | undefined;
  abstract readonly logFormat: 'json' | 'pretty' | undefined;
  abstract readonly apiHost: string;
  abstract readonly apiPort: number;
  abstract readonly dataDir: string;
  abstract readonly tracing: boolean;
}

export type Variables = Readonly<Record<string, string | undefined>>;

/** The variables of this process. */
export function environment(): Variables {
  return process.env;
}

/**
 * Reads the environment.
 * @throws ConfigFault naming every faulty variable, what it may be, and the fix
 */
export function readConfig(variables: Variables = environment()): Config {
  const parsed = Environment.safeParse(withAliases(variables));
  const faults = parsed.success
    ? []
    : parsed.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`);
  if (!withAliases(variables).DATABASE_URL?.trim()) {
    faults.push(
      'DATABASE_URL is not set: name a Postgres 14+ database, or use `intake up`, which brings its own',
    );
  }
  if (!parsed.success || faults.length > 0) throw new ConfigFault(faults);
  return Object.freeze(toConfig(parsed.data));
}

export function withAliases(variables: Variables): Variables {
  const renamed = Object.entries(ALIASES).map(
    ([alias, name]) => [name, variables[name] || variables[alias]] as const,
  );
  return { ...variables, ...Object.fromEntries(renamed) };
}

function toConfig(env: Environment): Config {
  const dataDir = resolve(env.INTAKE_DATA_DIR);
  const databaseUrl = env.DATABASE_URL ?? '';
  return {
    databaseUrl,
    databaseDirectUrl: env.DATABASE_DIRECT_URL ?? databaseUrl,
    databasePoolSize: env.DATABASE_POOL_SIZE,
    redis: toRedis(env),
    queueName: env.QUEUE_NAME,
    maxQueueSize: env.MAX_QUEUE_SIZE,
    taskTimeoutMs: env.TASK_TIMEOUT === undefined ? undefined : env.TASK_TIMEOUT * 1_000,
    taskMaxAttempts: env.TASK_MAX_ATTEMPTS,
    taskBackoffMs: env.TASK_BACKOFF_MS,
    taskExpirySeconds: env.TASK_STATUS_EXPIRY_HOURS * 3_600,
    deadLetterRetentionSeconds: env.DEAD_LETTER_RETENTION_DAYS * 86_400,
    resultTtlSeconds: env.RESULT_TTL_SECONDS || null,
    allowFlush: env.ALLOW_FLUSH,
    workerName: env.WORKER_ID ?? `${hostname()}-${process.pid}`,
    workerQueues: env.WORKER_QUEUES?.split(',').map((name) => name.trim()) ?? null,
    workerConcurrency: env.WORKER_BATCH_SIZE || null,
    pollIntervalMs: env.WORKER_POLL_INTERVAL * 1_000,
    workerProcesses: env.WORKER_PROCESSES,
    burst: env.BURST_MODE ? { strict: env.BURST_STRICT } : null,
    workerHealthPort: env.WORKER_HEALTH_PORT === -1 ? null : env.WORKER_HEALTH_PORT,
    qdrant: env.QDRANT_URL === undefined ? null : { url: env.QDRANT_URL, apiKey: env.QDRANT_API_KEY },
    storage: toStorage(env, dataDir),
    uploadMaxBytes: env.UPLOAD_MAX_BYTES,
    bodyMaxBytes: env.BODY_MAX_BYTES,
    imageEmbedder: toEmbedder(env, 'IMAGE'),
    textEmbedder: toEmbedder(env, 'TEXT'),
    shutdownTimeoutMs: env.SHUTDOWN_TIMEOUT * 1_000,
    agingSeconds: env.AGING_SECONDS,
    ocrEngine: env.OCR_ENGINE,
    authMode: env.AUTH_MODE,
    secretKeys: [env.INTAKE_SECRET_KEY, env.INTAKE_SECRET_KEY_PREVIOUS].filter((key) => key !== undefined),
    outboundAllow: parseAllowList(env.OUTBOUND_ALLOW).entries,
    logLevel: env.LOG_LEVEL,
    logFile: env.LOG_FILE,
    logFormat: env.LOG_FORMAT,
    apiHost: env.API_HOST,
    apiPort: env.API_PORT,
    dataDir,
    tracing: env.OTEL_EXPORTER_OTLP_ENDPOINT !== undefined,
  };
}
