import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const MODULES = 'node_modules';

/** Folders that nobody here reads: of the pictures' models one is used. */
const UNREAD_FOLDERS = ['browser', 'models/inception_v3', 'models/mobilenet_v2_mid'].map((part) =>
  join(MODULES, 'nsfwjs', 'dist', part),
);

/** Files that nobody here reads, by their names: maps of minified sources, and Prisma for other databases. */
const UNREAD_FILES = [
  { below: MODULES, named: /\.(js|mjs|cjs)\.map$/ },
  {
    below: join(MODULES, '@prisma', 'client', 'runtime'),
    named: /^query_compiler_.*\.(cockroachdb|mysql|sqlite|sqlserver)\./,
  },
];

/** onnxruntime-node brings the binaries of every platform, 290 MB; one of them is of use here. */
const BINARIES = join(MODULES, 'onnxruntime-node', 'bin', 'napi-v6');

/** Removes what packages bring beside what is used, about 500 MB, so that an installation stays under 1 GB. */
export function prune() {
  for (const folder of [...UNREAD_FOLDERS, ...foreignBinaries()])
    rmSync(folder, { recursive: true, force: true });
  for (const { below, named } of UNREAD_FILES) {
    for (const file of filesBelow(below)) if (named.test(file.name)) rmSync(join(file.parentPath, file.name));
  }
}

function foreignBinaries() {
  return listed(BINARIES).flatMap((platform) =>
    listed(join(BINARIES, platform))
      .filter((arch) => platform !== process.platform || arch !== process.arch)
      .map((arch) => join(BINARIES, platform, arch)),
  );
}

function listed(folder) {
  return existsSync(folder) ? readdirSync(folder) : [];
}

function filesBelow(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
}
