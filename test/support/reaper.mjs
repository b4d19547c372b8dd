// Ends the test servers and removes their folders when its standard input closes, which also happens when the test
// run is killed with SIGKILL. Each line of the input is `{"pid": 1}`, `{"mount": "..."}` or `{"folder": "..."}`.
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';

const GRACE_MS = 5_000;
const pids = [];
const mounts = [];
const folders = [];

for await (const line of createInterface({ input: process.stdin })) {
  const { pid, mount, folder } = JSON.parse(line);
  if (pid) pids.push(pid);
  if (mount) mounts.push(mount);
  if (folder) folders.push(folder);
}
await Promise.all(pids.map(end));
for (const mount of mounts) spawnSync('umount', ['--lazy', mount]);
for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });

/** SIGQUIT is Postgres' immediate shutdown; Redis dies of it like anybody. */
async function end(pid) {
  const deadlineMs = performance.now() + GRACE_MS;
  let alive = signal(pid, 'SIGQUIT');
  while (alive && performance.now() < deadlineMs) {
    await delay(25);
    alive = signal(pid, 0);
  }
  if (alive) signal(pid, 'SIGKILL');
}

function signal(pid, name) {
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}
