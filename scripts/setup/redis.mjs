import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { SetupFault } from './fault.mjs';
import { complaintIn, run } from './program.mjs';

const CACHE = resolve('.local', 'redis');
const APT_STATE = resolve('.local', 'apt');

/**
 * Finds a redis-server for the tests: the one named by REDIS_SERVER_BIN, the one on the path, or Debian's own
 * packages unpacked below .local. Nothing is installed and nothing is started.
 * @returns {Promise<{program: string} | {missing: string}>}
 */
export async function findRedis() {
  const named = process.env.REDIS_SERVER_BIN;
  if (named) {
    if (await runs(named)) return { program: named };
    throw new SetupFault(`REDIS_SERVER_BIN names ${named}, which does not run.`);
  }
  if (await runs('redis-server')) return { program: 'redis-server' };
  const unpacked = join(CACHE, 'redis-server');
  if (await runs(unpacked)) return { program: unpacked };
  const complaint = await unpack();
  if (complaint === null && (await runs(unpacked))) return { program: unpacked };
  return { missing: complaint ?? 'the unpacked redis-server does not run' };
}

async function runs(program) {
  return (await run(program, ['--version'])).code === 0;
}

/** Downloads what `apt-get install` would, as an ordinary user, and unpacks it without installing it. */
async function unpack() {
  if (!(await hasApt())) return 'this machine has no apt-get to get it with';
  console.log('Getting redis-server from the packages of this system, below .local ...');
  const build = `${CACHE}.${process.pid}.tmp`;
  mkdirSync(build, { recursive: true });
  try {
    const complaint = (await download(build, [])) && (await downloadWithOwnLists(build));
    if (complaint) return complaint;
    for (const name of readdirSync(build).filter((file) => file.endsWith('.deb'))) {
      const { code, output } = await run('dpkg', ['-x', join(build, name), join(build, 'root')]);
      if (code !== 0) return complaintIn(output, 1);
    }
    writeStarter(build);
    rmSync(CACHE, { recursive: true, force: true });
    renameSync(build, CACHE);
    return null;
  } finally {
    rmSync(build, { recursive: true, force: true });
  }
}

async function hasApt() {
  const found = await Promise.all([run('apt-get', ['--version']), run('dpkg', ['--version'])]);
  return found.every(({ code }) => code === 0);
}

/** @returns {Promise<string | null>} the complaint */
async function download(folder, options) {
  const plan = await run('apt-get', [
    ...options,
    '--simulate',
    'install',
    '--no-install-recommends',
    'redis-server',
  ]);
  const names = [...plan.output.matchAll(/^Inst (\S+)/gm)].map(([, name]) => name);
  if (plan.code !== 0 || names.length === 0) return complaintIn(plan.output, 1);
  const { code, output } = await run('apt-get', [...options, 'download', ...names], { cwd: folder });
  return code === 0 ? null : complaintIn(output, 1);
}

/** A system whose package lists are missing or old: ours, in a folder of ours, need no root. */
async function downloadWithOwnLists(folder) {
  for (const part of ['lists/partial', 'cache/archives/partial'])
    mkdirSync(join(APT_STATE, part), { recursive: true });
  const settings = {
    'Dir::State::lists': join(APT_STATE, 'lists'),
    'Dir::Cache': join(APT_STATE, 'cache'),
    'APT::Sandbox::User': '',
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  const { code, output } = await run('apt-get', [...options, 'update']);
  return code === 0 ? download(folder, options) : complaintIn(output, 1);
}

/** A starter that shows the program its libraries; `exec` keeps the process id that the caller was given. */
function writeStarter(build) {
  const libraries = ['usr/lib', 'lib'].map((path) => join(build, 'root', path)).filter(existsSync);
  const folders = libraries.flatMap((path) => readdirSync(path).map((name) => join(path, name)));
  const path = folders.map((folder) => folder.replace(build, CACHE)).join(':');
  const program = join(CACHE, 'root', 'usr', 'bin', 'redis-server');
  writeFileSync(join(build, 'redis-server'), `#!/bin/sh\nLD_LIBRARY_PATH='${path}' exec '${program}' "$@"\n`);
  chmodSync(join(build, 'redis-server'), 0o755);
}
