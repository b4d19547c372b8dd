import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BUILD_STEPS, isBuilt, runStep } from './build.mjs';
import { install, isInstalled } from './install.mjs';
import { assertDisk, assertWritable } from './machine.mjs';
import { withSetupLock } from './setup-lock.mjs';

const PROJECT = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..');
const INSTALL_GIB = 1.5;
const BUILD_GIB = 0.2;

/**
 * Installs, generates and builds what changed since the last time, and nothing else. Leaves the process in the
 * project's folder.
 * @throws SetupFault with a text that names the cure
 */
export async function prepare() {
  process.chdir(PROJECT);
  if (isInstalled() && BUILD_STEPS.every(isBuilt)) return;

  assertWritable(PROJECT);
  await withSetupLock(join('.local', 'setup.lock'), async () => {
    if (!isInstalled()) {
      assertDisk(PROJECT, INSTALL_GIB);
      await timed('Installing packages (a minute or two, only when they changed)', install);
    }
    assertDisk(PROJECT, BUILD_GIB);
    for (const step of BUILD_STEPS) if (!isBuilt(step)) await timed(step.name, () => runStep(step));
  });
}

async function timed(name, work) {
  const begunMs = performance.now();
  process.stdout.write(`${name} ... `);
  await work();
  console.log(`${((performance.now() - begunMs) / 1_000).toFixed(1)} s`);
}
