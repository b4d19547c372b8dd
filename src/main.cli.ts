#!/usr/bin/env node
import { createInterface } from 'node:readline/promises';
import { exitWith } from './apps/exit.js';
import { runCli } from './cli/program.js';
import type { Terminal } from './cli/terminal.js';
import { overrideEnvironment } from './config/client-config.js';

const { argv, stdin, stdout, stderr } = process;
const terminal: Terminal = {
  out: (text) => void stdout.write(`${text}\n`),
  err: (text) => void stderr.write(`${text}\n`),
  draw: (line) => void stderr.write(`\r\u001b[K${line}`),
  ...(stdin.isTTY ? { ask } : {}),
  isTty: stdout.isTTY,
};

async function ask(question: string): Promise<string> {
  const lines = createInterface({ input: stdin, output: stderr });
  try {
    return await lines.question(question);
  } finally {
    lines.close();
  }
}

/** `intake jobs | head` hangs up early: that is no failure. */
stdout.on('error', ({ code }: NodeJS.ErrnoException) => process.exit(code === 'EPIPE' ? 0 : 1));

exitWith(async () => {
  const code = await runCli(argv.slice(2), terminal, {
    up: async (options) => (await import('./apps/up.command.js')).run(options, terminal),
    api: async (overrides) => {
      overrideEnvironment(overrides);
      return (await import('./apps/api.command.js')).run();
    },
    worker: async (overrides) => {
      overrideEnvironment(overrides);
      return (await import('./apps/worker.command.js')).run();
    },
    migrate: async () => (await import('./apps/migrate.command.js')).run(terminal.out),
  });
  await new Promise((resolve) => stdout.write('', resolve));
  return code;
});
