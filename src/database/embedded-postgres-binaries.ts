import { createHash } from 'node:crypto';
import { cp, readFile, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { ifThere } from '../kernel/if-there.js';
import { EmbeddedPostgresFault } from './embedded-postgres-fault.js';
import type { Home, Log } from './embedded-postgres-home.js';
import { run } from './embedded-postgres-process.js';

/** Finds binaries that the server's user can run: the package's own, or a copy of them in the home. */
export async function findBinaries(home: Home, log: Log): Promise<string> {
  const packaged = packagedFolder();
  if (await runs(packaged, home)) return join(packaged, 'bin');
  await makeLibraryLinks(packaged).catch(() => log(`No library links could be made in ${packaged}`));
  if (await runs(packaged, home)) return join(packaged, 'bin');

  const copy = join(
    home.folder,
    `binaries-${createHash('sha256')
      .update(await version(packaged))
      .digest('hex')
      .slice(0, 8)}`,
  );
  if (!(await runs(copy, home))) await copyBinaries(packaged, copy, log);
  const complaint = await complaintOf(copy, home);
  if (complaint === null) return join(copy, 'bin');
  throw new EmbeddedPostgresFault(
    `The embedded Postgres does not run on this machine (${complaint.split('\n')[0]}). Set DATABASE_URL to a Postgres 14+ server of your own.`,
  );
}

function packagedFolder(): string {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  try {
    const entry = createRequire(import.meta.url).resolve(`@embedded-postgres/${platform}`);
    return join(dirname(entry), '..', 'native');
  } catch {
    throw new EmbeddedPostgresFault(
      `There is no embedded Postgres for ${platform} here. Set DATABASE_URL to a Postgres 14+ server of your own, or install again with optional packages.`,
    );
  }
}

/** The package's own version, so that an update does not meet an old copy. */
function version(packaged: string): Promise<string> {
  return readFile(join(packaged, '..', 'package.json'), 'utf8');
}

async function runs(native: string, home: Home): Promise<boolean> {
  return (await complaintOf(native, home)) === null;
}

/** Runs each program once: `postgres` needs other libraries than `initdb`. */
async function complaintOf(native: string, { folder, owner }: Home): Promise<string | null> {
  for (const program of ['postgres', 'initdb', 'pg_ctl']) {
    const { code, text } = await run(join(native, 'bin', program), ['--version'], owner, folder, 30_000);
    if (code !== 0) return text || `${program} ended with code ${code}`;
  }
  return null;
}

/** A package cannot carry symbolic links: it lists them, for an install script that we do not run. */
async function makeLibraryLinks(native: string): Promise<void> {
  const list = (await ifThere(readFile(join(native, 'pg-symlinks.json'), 'utf8'))) ?? '[]';
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    await symlink(basename(source), join(native, '..', target)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
}

async function copyBinaries(packaged: string, copy: string, log: Log): Promise<void> {
  const temporary = `${copy}.${process.pid}.tmp`;
  await cp(packaged, join(temporary, 'native'), { recursive: true, verbatimSymlinks: true });
  await makeLibraryLinks(join(temporary, 'native'));
  await rm(copy, { recursive: true, force: true });
  // Another starter may have been faster: its copy is as good as ours.
  await rename(join(temporary, 'native'), copy).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
  });
  await rm(temporary, { recursive: true, force: true });
  log(`The Postgres binaries in ${packaged} cannot be used from there: a copy was put into ${copy}`);
}
