import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { contentHash, putIntoPlace, readStamp } from './content.mjs';
import { SetupFault } from './fault.mjs';
import { complaintIn, runNode } from './program.mjs';

const CLIENT = 'src/generated/prisma';
const OUTPUT = 'dist';

/** The steps after the installation: what each reads, where its result goes, and how it is made in a fresh folder. */
export const BUILD_STEPS = [
  {
    name: 'Generating the database client',
    place: CLIENT,
    stamp: () => contentHash(['prisma/schema', 'prisma.config.ts', 'package-lock.json']),
    make: generateClient,
  },
  {
    name: 'Building',
    place: OUTPUT,
    stamp: () =>
      contentHash(
        ['src', 'tsconfig.json', 'tsconfig.build.json', 'nest-cli.json', 'package-lock.json'],
        (file) => !file.endsWith('.spec.ts'),
      ),
    make: build,
  },
];

export function isBuilt({ place, stamp }) {
  return readStamp(place) === stamp();
}

/** Makes the step's result in a folder of its own and renames it into place. */
export async function runStep({ place, stamp, make }) {
  const workshop = join('.local', `build-${process.pid}`);
  rmSync(workshop, { recursive: true, force: true });
  mkdirSync(workshop, { recursive: true });
  try {
    // Read before the work: a file that changes meanwhile shows at the next start.
    const current = stamp();
    putIntoPlace(await make(workshop), place, current);
  } finally {
    rmSync(workshop, { recursive: true, force: true });
  }
}

/** The schema names its output relative to itself, so that a copy of the schema generates into the workshop. */
async function generateClient(workshop) {
  const schema = join(workshop, 'prisma', 'schema');
  cpSync('prisma/schema', schema, { recursive: true });
  await must(
    'The database client could not be generated',
    ['node_modules/prisma/build/index.js', 'generate', '--schema', schema, '--no-hints'],
    {
      CHECKPOINT_DISABLE: '1',
      PRISMA_HIDE_UPDATE_MESSAGE: '1',
    },
  );
  return join(workshop, CLIENT);
}

async function build(workshop) {
  const project = join(workshop, 'tsconfig.json');
  const extended = {
    extends: '../../tsconfig.build.json',
    compilerOptions: { outDir: './dist' },
    exclude: ['**/*.spec.ts'],
  };
  writeFileSync(project, JSON.stringify(extended));
  await must('The project could not be built', [
    'node_modules/@nestjs/cli/bin/nest.js',
    'build',
    '--path',
    project,
  ]);
  return join(workshop, OUTPUT);
}

async function must(complaint, args, env = {}) {
  const { code, output } = await runNode(args, { env });
  if (code !== 0) throw new SetupFault(`${complaint}: ${complaintIn(output, 6)}`);
}
