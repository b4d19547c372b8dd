/** What `api` and `worker` accept, by commander's names. */
export interface LaunchOptions {
  host?: string;
  port?: number;
  workerId?: string;
  queues?: string;
  concurrency?: number;
  pollInterval?: number;
  taskTimeout?: number;
  redisUrl?: string;
  burst?: boolean;
  strict?: boolean;
  processes?: number;
}

const VARIABLES: Readonly<Record<keyof LaunchOptions, string>> = {
  host: 'API_HOST',
  port: 'API_PORT',
  workerId: 'WORKER_ID',
  queues: 'WORKER_QUEUES',
  concurrency: 'WORKER_BATCH_SIZE',
  pollInterval: 'WORKER_POLL_INTERVAL',
  taskTimeout: 'TASK_TIMEOUT',
  redisUrl: 'REDIS_URL',
  burst: 'BURST_MODE',
  strict: 'BURST_STRICT',
  processes: 'WORKER_PROCESSES',
};

/** The environment variables that say the same as the options given; other options are left out. */
export function variablesOf(options: LaunchOptions): Record<string, string> {
  const given = Object.entries(VARIABLES).flatMap(([option, variable]) => {
    const value = options[option as keyof LaunchOptions];
    return value === undefined ? [] : [[variable, String(value)]];
  });
  return Object.fromEntries(given) as Record<string, string>;
}
