import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { environment } from '../config/config.js';
import { EmbeddedPostgres } from '../database/embedded-postgres.js';
import type { Terminal } from '../cli/terminal.js';
import { SECRET_KEY_FILE } from './secret-key-file.js';
import { takeDataFolder } from './data-folder.js';
import { EmbeddedStack, type StackOptions } from './embedded-stack.js';
import { tourSamples } from './samples-tour.js';
import { untilStopped } from './until-stopped.js';

export interface UpOptions {
  port?: number;
  dataDir?: string;
  /** Removes what earlier runs left, first. */
  clean?: boolean;
  /** Ends after the samples: 0 when all went through. */
  once?: boolean;
}

const DEFAULT_PORT = 8_000;
/** What Intake itself puts into a data folder beside Postgres: nothing else there is touched. */
const OURS = ['files', 'logs', 'models', SECRET_KEY_FILE];

/** Everything on this machine, in one terminal, until Ctrl-C. @returns the exit code */
export async function run(options: UpOptions, terminal: Terminal): Promise<number> {
  const variables = environment();
  const dataDir = resolve(options.dataDir ?? (variables.INTAKE_DATA_DIR || '.intake'));
  const port = options.port ?? Number(variables.API_PORT || DEFAULT_PORT);
  const log = (line: string) => terminal.err(`  ${line}`);
  const giveBack = takeDataFolder(dataDir);
  try {
    if (options.clean) await clean(dataDir, log);
    return await runStack({ dataDir, port, environment: variables, log }, options, terminal);
  } finally {
    giveBack();
  }
}

async function runStack(
  stackOptions: StackOptions,
  { once }: UpOptions,
  terminal: Terminal,
): Promise<number> {
  const startMs = performance.now();
  const stopped = untilStopped();
  const stack = await EmbeddedStack.start(stackOptions);
  try {
    stackOptions.log(`Ready after ${((performance.now() - startMs) / 1_000).toFixed(1)} s`);
    const ok = await Promise.race([tourSamples(stack.url, terminal), stopped.then(() => null)]);
    if (once) return ok ? 0 : 1;
    terminal.out(welcome(stack.url, stackOptions.dataDir));
    await stopped;
    return 0;
  } finally {
    stackOptions.log('Stopping');
    await stack.stop();
  }
}

function welcome(url: string, dataDir: string): string {
  return `
API      ${url}/docs
Health   ${url}/health/ready
Metrics  ${url}/metrics
Logs     ${join(dataDir, 'logs')}

Ctrl-C stops everything.`;
}

async function clean(dataDir: string, log: (line: string) => void): Promise<void> {
  await EmbeddedPostgres.remove({ dataDir: join(dataDir, 'postgres'), log });
  for (const part of OURS) rmSync(join(dataDir, part), { recursive: true, force: true });
  log(`Removed what earlier runs left in ${dataDir}`);
}
