import type { IntakeClient } from '../client/intake-client.js';
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
  api(): Promise<number>;
  worker(): Promise<number>;
  migrate(): Promise<number>;
}

/** What every command works with. */
export interface Cli {
  readonly terminal: Terminal;
  readonly launch: Launchers;
  /** 0 until a command says otherwise. */
  exitCode: number;
  /** A client of the deployment that `--url` or INTAKE_URL names. */
  client(): IntakeClient;
  /** Prints an answer: as JSON, or as the text that is made of it. */
  show(format: Format, answer: unknown, toText: () => string): void;
}
