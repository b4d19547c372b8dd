import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Logger, type INestApplicationContext } from '@nestjs/common';
import type { Config } from '../config/config.js';
import { HealthService } from '../health/health.service.js';
import { METRICS_CONTENT_TYPE, Metrics } from '../telemetry/metrics.registry.js';

const FIRST_PORT = 8_001;
const LAST_PORT = 8_099;

const log = new Logger('Ops');

/** A worker has no API, but probes and scrapers need a door: health and metrics on a port of their own. */
export async function startOpsServer(app: INestApplicationContext, config: Config): Promise<Server | null> {
  if (config.workerHealthPort === 0) return null;
  const server = createServer((request, response) => void answer(app, request, response));
  if (config.workerHealthPort !== null) {
    await listen(server, config.apiHost, config.workerHealthPort);
    return server;
  }
  for (let port = FIRST_PORT; port <= LAST_PORT; port += 1) {
    if (await listen(server, config.apiHost, port).then(() => true, isTaken)) return server;
  }
  throw new Error(
    `every port from ${FIRST_PORT} to ${LAST_PORT} is taken; set WORKER_HEALTH_PORT, or 0 for none`,
  );
}

async function answer(
  app: INestApplicationContext,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = request.url?.split('?')[0];
  try {
    if (path === '/metrics') return send(response, 200, METRICS_CONTENT_TYPE, await app.get(Metrics).text());
    const status = await healthOf(app.get(HealthService), path);
    if (!status) return send(response, 404, 'application/json', '{"status":"unknown"}');
    send(response, status === 'ok' ? 200 : 503, 'application/json', JSON.stringify({ status }));
  } catch (error) {
    log.warn({ msg: 'a probe or scrape failed', path, err: error });
    send(response, 503, 'application/json', '{"status":"error"}');
  }
}

async function healthOf(health: HealthService, path: string | undefined): Promise<string | null> {
  if (path === '/health/live') return 'ok';
  if (path === '/health/ready') return health.ready();
  if (path === '/health/startup') return health.started();
  return null;
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { 'content-type': type }).end(body);
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      log.log({ msg: 'health and metrics are served', host, port });
      resolve();
    });
  });
}

function isTaken(error: NodeJS.ErrnoException): false {
  if (error.code !== 'EADDRINUSE') throw error;
  return false;
}
