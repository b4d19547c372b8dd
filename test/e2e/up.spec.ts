import { execFileSync, fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../support/free-port.js';
import { eventually } from '../support/stack.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const README_URL = 'http://127.0.0.1:8000';

/** `intake up` as a user would run it, on a port and in a folder of its own. */
class Up {
  output = '';

  private constructor(
    private readonly child: ChildProcess,
    readonly port: number,
  ) {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    }
  }

  static async start(folder: string, port: number, ...options: string[]): Promise<Up> {
    const { REDIS_URL: _, DATABASE_URL: __, ...env } = process.env;
    const args = ['up', '--port', String(port), '--data-dir', folder, ...options];
    const child = fork(join(ROOT, 'dist/main.cli.js'), args, {
      env,
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    return new Up(child, port);
  }

  async ready(): Promise<this> {
    await eventually(() => this.output.includes('Ctrl-C stops everything') || this.ended(), {
      timeoutMs: 90_000,
    });
    return this;
  }

  async exit(signal?: NodeJS.Signals): Promise<number | null> {
    if (!this.ended()) {
      const exited = once(this.child, 'exit');
      if (signal) this.child.kill(signal);
      await exited;
    }
    return this.child.exitCode;
  }

  private ended(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }
}

/** As open as a folder that a user makes: as root, Postgres runs as somebody else and must get in. */
function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'intake-up-'));
  chmodSync(folder, 0o755);
  return folder;
}

describe('intake up', () => {
  const folder = newFolder();
  let up: Up;
  let port: number;

  beforeAll(async () => {
    port = await freePort();
    up = await (await Up.start(folder, port)).ready();
  });

  afterAll(async () => {
    await up?.exit('SIGKILL');
    const last = await Up.start(folder, await freePort(), '--clean', '--once');
    await last.exit();
    rmSync(folder, { recursive: true, force: true });
  });

  it('shows every sample read and one search answered', () => {
    expect(up.output).toMatch(/workshop-lease\.pdf\s+PDF\s+2\s+\d+\s+\d+\s+[\d.]+\s+completed/);
    expect(up.output).not.toMatch(/failed|Error|at .*\.js:\d+/);
    expect(up.output).toMatch(/Search: .*\n\s+0\.\d+/);
  });

  it('makes the curl lines of the README work, also without /api', () => {
    const lines = readFileSync(join(ROOT, 'README.md'), 'utf8').match(/^ {4}(?:curl|mkdir|cp) .*$/gm) ?? [];
    expect(lines.length).toBeGreaterThanOrEqual(7);
    for (const prefix of ['/api', '']) {
      for (const line of lines) {
        const own = line
          .trim()
          .replaceAll(README_URL, `http://127.0.0.1:${port}`)
          .replaceAll('.intake/', `${folder}/`)
          .replaceAll('/api/', `${prefix}/`)
          .replaceAll('handbook-1', `handbook-1${prefix.slice(1)}`)
          .replace(
            'curl ',
            'curl -sS --fail-with-body --retry 20 --retry-all-errors --retry-delay 1 --retry-max-time 30 ',
          );
        const answer = execFileSync('bash', ['-c', own], { cwd: ROOT, encoding: 'utf8' });
        if (line.includes('/images/search')) expect(answer).toContain('mug');
        else if (line.includes('/images/duplicates')) expect(answer).toContain('group_id');
        else if (line.includes('/search')) expect(answer).toContain('rye-bread.txt');
        else if (line.includes('curl')) expect(answer).toMatch(/task_id|event|Larkfield/);
      }
    }
  });

  it('names a taken port instead of failing later', async () => {
    const second = await Up.start(newFolder(), port);
    expect(await second.exit()).toBe(1);
    expect(second.output).toContain(`Port ${port} is taken`);
    expect(second.output).not.toMatch(/\n\s+at /);
  });

  it('refuses a second run in the same folder, and a folder that is a file', async () => {
    const second = await Up.start(folder, await freePort(), '--once');
    expect(await second.exit()).toBe(1);
    expect(second.output).toContain('is running in');
    const third = await Up.start(fileURLToPath(import.meta.url), await freePort(), '--once');
    expect(await third.exit()).toBe(1);
    expect(third.output).toMatch(/cannot be made \(E\w+\)/);
    expect(third.output).not.toMatch(/\n\s+at /);
  });

  it('stops everything on Ctrl-C and finds its data again', async () => {
    expect(await up.exit('SIGINT')).toBe(0);
    await expect(fetch(`http://127.0.0.1:${port}/health/live`)).rejects.toThrow();
    up = await Up.start(folder, port, '--once');
    expect(await up.exit()).toBe(0);
    expect(up.output).toContain('unchanged');
  });

  it('takes over what a killed run left behind', async () => {
    up = await (await Up.start(folder, port)).ready();
    expect(await up.exit('SIGKILL')).toBe(null);
    await eventually(
      async () => {
        await expect(fetch(`http://127.0.0.1:${port}/health/live`)).rejects.toThrow();
        return true;
      },
      { timeoutMs: 60_000 },
    );
    up = await Up.start(folder, port, '--once');
    expect(await up.exit()).toBe(0);
  });
});
