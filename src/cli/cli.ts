import type { IntakeClient } from '../client/intake-client.js';
import type { Variables } from '../config/config.js';
import type { Terminal } from './terminal.js';

export type Format = 'table' | 'json';

export interface UpOptions {
  port?: number;
  dataDir?: string;
  clean: boolean;
  once: boolean;
}

/** Starts the long-running parts of Intake; each answers with its exit code. */
export interface Launchers {
  up(options: UpOptions): Promise<number>;
  /** @param overrides of environment variables */
  api(overrides: Readonly<Record<string, string>>): Promise<number>;
  /** @param overrides of environment variables */
  worker(overrides: Readonly<Record<string, string>>): Promise<number>;
  migrate(): Promise<number>;
}

/** What every command works with. */
export interface Cli {
  readonly terminal: Terminal;
  readonly launch: Launchers;
  /** The environment, without what the line says. */
  readonly variables: Variables;
  /** 0 until a command says otherwise. */
  exitCode: number;
  /** A client of the deployment that `--url` or INTAKE_URL names. */
  client(): IntakeClient;
  /** Prints an answer: as JSON, or as the text that is made of it. */
  show(format: Format, answer: unknown, toText: () => string): void;
}
