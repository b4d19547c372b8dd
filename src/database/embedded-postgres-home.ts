import { randomBytes } from 'node:crypto';
import {
  access,
  chown,
  constants,
  link,
  mkdir,
  mkdtemp,
  readFile,
  realpath,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { ifThere } from '../kernel/if-there.js';
import { EmbeddedPostgresFault, folderFault } from './embedded-postgres-fault.js';
import { run, type Owner } from './embedded-postgres-process.js';

export type Log = (line: string) => void;

/** Where one embedded Postgres lives, and as whom. */
export interface Home {
  folder: string;
  owner: Owner;
}

export interface Settings {
  port: number;
  password: string;
}

/** The user that a server started by root runs as: `nobody` on every Unix that has one. */
const NOBODY = { uid: 65_534, gid: 65_534 };
/** Where root keeps the data when the server's user cannot enter the data folder, as below a home of mode 0700. */
const SYSTEM_FOLDER = '/var/lib/intake';

/** Finds or makes the home below `dataDir`. Root's server needs a user of its own, who must be able to enter it. */
export async function openHome(dataDir: string, log: Log): Promise<Home> {
  const folder = join(resolve(dataDir), 'postgres');
  try {
    await mkdir(resolve(dataDir), { recursive: true });
    const elsewhere = await readPointer(folder);
    if (elsewhere) return await settle(elsewhere);
    const home = await settle(folder);
    return (await canEnter(home)) ? home : await moveOut(folder, home, log);
  } catch (error) {
    throw folderFault(folder, error);
  }
}

/** Makes a home that the server's user can enter, and leaves a pointer to it in the data folder. */
async function moveOut(folder: string, { owner }: Home, log: Log): Promise<Home> {
  await mkdir(SYSTEM_FOLDER, { recursive: true, mode: 0o755 });
  const fresh = await settle(await mkdtemp(join(SYSTEM_FOLDER, 'postgres-')));
  if (!(await canEnter(fresh))) throw new EmbeddedPostgresFault(unreachable(folder, fresh.folder));
  try {
    await writeFile(pointerOf(folder), `${fresh.folder}\n`, { flag: 'wx' });
  } catch (error) {
    // Another starter was faster: its home is everybody's.
    await rm(fresh.folder, { recursive: true });
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return settle((await readPointer(folder)) ?? folder);
  }
  log(`Postgres runs as uid ${owner?.uid}, which cannot enter ${folder}: its data lives in ${fresh.folder}`);
  return fresh;
}

function pointerOf(folder: string): string {
  return `${folder}.location`;
}

async function readPointer(folder: string): Promise<string | null> {
  return (await ifThere(readFile(pointerOf(folder), 'utf8')))?.trim() || null;
}

/** Forgets a home and its data. The server must have stopped. */
export async function removeHome(dataDir: string, home: Home): Promise<void> {
  await rm(home.folder, { recursive: true, force: true });
  await rm(pointerOf(join(resolve(dataDir), 'postgres')), { force: true });
}

/** Reads the port and password, made once. Two starters at once agree on one pair: the first link wins. */
export async function openSettings({ folder, owner }: Home, clusterExists: boolean): Promise<Settings> {
  const file = join(folder, 'server.json');
  const found = await ifThere(readFile(file, 'utf8'));
  if (found !== null) return parseSettings(file, found);
  if (clusterExists) throw lostSettings(file);
  await writeSettings(
    { folder, owner },
    { port: await freePort(), password: randomBytes(24).toString('hex') },
    link,
  );
  return parseSettings(file, await readFile(file, 'utf8'));
}

/** Stores the settings through a temporary file, so that a reader never sees half of them. */
export async function writeSettings(
  { folder, owner }: Home,
  settings: Settings,
  place = rename,
): Promise<void> {
  const temporary = join(folder, `server.${randomBytes(6).toString('hex')}.tmp`);
  await writeFile(temporary, `${JSON.stringify(settings)}\n`, { mode: 0o600 });
  if (owner) await chown(temporary, owner.uid, owner.gid);
  try {
    await place(temporary, join(folder, 'server.json'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  await rm(temporary, { force: true });
}

export function freePort(): Promise<number> {
  return new Promise((resolvePort, reject) => {
    const server = createServer().on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolvePort(port));
    });
  });
}

async function settle(path: string): Promise<Home> {
  await mkdir(path, { recursive: true, mode: 0o755 });
  // Resolved, so that a server started through a link and one started without are seen to be the same.
  const folder = await realpath(path);
  if (process.getuid?.() !== 0) {
    await access(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    return { folder, owner: null };
  }
  // A server that an ordinary user made keeps its user, so that this user can start it again.
  const { uid, gid } = (await ifThere(stat(join(folder, 'data')))) ?? (await stat(folder));
  const owner = uid === 0 ? NOBODY : { uid, gid };
  await chown(folder, owner.uid, owner.gid);
  return { folder, owner };
}

/** Asks a child of the server's own user, because only the kernel knows all the rules of access. */
async function canEnter({ folder, owner }: Home): Promise<boolean> {
  if (!owner) return true;
  return (await run('/bin/sh', ['-c', 'test -w "$0" -a -x "$0"', folder], owner, '/', 10_000)).code === 0;
}

function parseSettings(file: string, text: string): Settings {
  try {
    const { port, password } = JSON.parse(text) as Settings;
    if (Number.isInteger(port) && typeof password === 'string') return { port, password };
  } catch {
    // Falls through to the same fault: half a file and a wrong one need the same cure.
  }
  throw lostSettings(file);
}

function lostSettings(file: string): EmbeddedPostgresFault {
  return new EmbeddedPostgresFault(
    `${file}, which holds the password of the embedded Postgres, is missing or damaged. Restore it, or start afresh with --clean.`,
  );
}

function unreachable(folder: string, elsewhere: string): string {
  return `Postgres cannot run as root, and the user it runs as can enter neither ${folder} nor ${elsewhere}. Choose a folder that all can enter with --data-dir, or start as an ordinary user.`;
}
