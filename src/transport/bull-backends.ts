import { setTimeout as delay } from 'node:timers/promises';
import {
  createRedisBackend,
  PostgresQueueBackend,
  setDefaultBackendFactory,
  type BackendFactory,
  type IQueueBackend,
} from 'bullmq';
import { SharedPostgres } from './postgres-transport.adapter.js';

const PAUSE_MS = 500;

/** `@nestjs/bullmq` passes no backend on, so the process's default looks at the connection that it was given. */
const backendOf: BackendFactory = (name, options, wishes) => {
  const connection: unknown = options.connection;
  return connection instanceof SharedPostgres
    ? unhurried(new PostgresQueueBackend(connection, name, { ...options, connection: connection.pool }))
    : unhurried(createRedisBackend(name, options, wishes));
};

/** A worker asks again at once when fetching fails with anything but a refused connection: give the server air. */
function unhurried(backend: IQueueBackend): IQueueBackend {
  const fetch = backend.moveToActive.bind(backend);
  backend.moveToActive = async (token, name) => {
    try {
      return await fetch(token, name);
    } catch (error) {
      await delay(PAUSE_MS);
      throw error;
    }
  };
  return backend;
}

setDefaultBackendFactory(backendOf);
