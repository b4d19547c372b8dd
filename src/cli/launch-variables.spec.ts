import { describe, expect, it } from 'vitest';
import { readConfig } from '../config/config.js';
import { variablesOf } from './launch-variables.js';

describe('options as environment variables', () => {
  it('leaves out what was not given', () => {
    expect(variablesOf({})).toEqual({});
    expect(variablesOf({ port: 0 })).toEqual({ API_PORT: '0' });
  });

  it('says to the configuration what the options say', () => {
    const options = {
      host: '127.0.0.2',
      port: 8080,
      workerId: 'machine1',
      queues: 'documents,images',
      concurrency: 3,
      pollInterval: 0.5,
      taskTimeout: 90,
      redisUrl: 'redis://cache:6379',
      burst: true,
      strict: true,
      processes: 4,
    };
    const environment = { DATABASE_URL: 'postgresql://db/x', AUTH_MODE: 'disabled', ...variablesOf(options) };
    expect(readConfig(environment)).toMatchObject({
      apiHost: '127.0.0.2',
      apiPort: 8080,
      workerName: 'machine1',
      workerQueues: ['documents', 'images'],
      workerConcurrency: 3,
      pollIntervalMs: 500,
      taskTimeoutMs: 90_000,
      redis: { url: 'redis://cache:6379' },
      burst: { strict: true },
      workerProcesses: 4,
    });
  });
});
