import { environment, readConfig, withAliases } from './config.js';
import { Environment } from './environment.js';

/** What a program that calls Intake needs to know. */
export interface ClientConfig {
  url: string;
  apiKey?: string;
}

const DEFAULT_URL = 'http://127.0.0.1:8000';

export function readClientConfig(variables = environment()): ClientConfig {
  return {
    url: variables['INTAKE_URL']?.trim() || DEFAULT_URL,
    apiKey: variables['INTAKE_API_KEY']?.trim() || undefined,
  };
}

/**
 * Every variable with the value in effect, secrets included.
 * @throws ConfigFault as a process would at its start
 */
export function effectiveEnvironment(variables = environment()): Record<string, unknown> {
  readConfig(variables);
  const { url, apiKey } = readClientConfig(variables);
  return { ...Environment.parse(withAliases(variables)), INTAKE_URL: url, INTAKE_API_KEY: apiKey };
}

/** What the command line says wins over the environment. */
export function overrideEnvironment(overrides: Readonly<Record<string, string>>): void {
  Object.assign(process.env, overrides);
}
