import { spawn } from 'node:child_process';

/** What npm and Node print around the sentence that tells something: codes, stacks, the place of the log. */
const NOISE = /^(code|errno|syscall|at|Run|aliases:) |^A complete log|^Node\.js v/;

/**
 * Runs a program to its end.
 * @param {{env?: object, cwd?: string, show?: boolean}} options `show` lets it write to our terminal
 * @returns {Promise<{code: number, output: string}>} code 127 when it could not be run
 */
export function run(file, args, { env = {}, cwd, show = false } = {}) {
  return new Promise((resolve) => {
    const stdio = show ? 'inherit' : ['ignore', 'pipe', 'pipe'];
    const child = spawn(file, args, { cwd, stdio, windowsHide: true, env: { ...process.env, ...env } });
    let output = '';
    child.stdout?.on('data', (chunk) => (output += chunk));
    child.stderr?.on('data', (chunk) => (output += chunk));
    child.on('error', (error) => resolve({ code: 127, output: error.message }));
    child.on('close', (code) => resolve({ code: code ?? 1, output }));
  });
}

/** Runs a JavaScript file of the project, or of one of its packages, with this Node. */
export function runNode(args, options) {
  return run(process.execPath, args, options);
}

/** The lines of an output that tell what went wrong, as one line: the first that speak of an error, else the last. */
export function complaintIn(output, lines = 3) {
  const said = output
    .split('\n')
    .map((line) => line.replace(/^npm error\s*/, '').trim())
    .filter((line) => line && !NOISE.test(line));
  const errors = said.filter((line) => /error|cannot|can only|failed/i.test(line));
  return (errors.length > 0 ? errors.slice(0, lines) : said.slice(-lines)).join(' | ').slice(0, 600);
}
