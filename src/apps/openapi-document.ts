import 'reflect-metadata';
import { overrideEnvironment } from '../config/client-config.js';
import { readConfig } from '../config/config.js';
import { createHttpApp } from '../http/http-app.js';
import { buildOpenApi } from '../http/openapi.js';
import { ApiModule } from './api.module.js';

/** The API's description, made without a server: `openapi.json` in the repository is this, byte for byte. */
export async function openApiDocument(): Promise<string> {
  overrideEnvironment({
    DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/none',
    AUTH_MODE: 'disabled',
    LOG_LEVEL: 'silent',
    API_HOST: '127.0.0.1',
  });
  const app = await createHttpApp(ApiModule, readConfig());
  return `${JSON.stringify(buildOpenApi(app), null, 2)}\n`;
}
