import { fileURLToPath } from 'node:url';
import { readConfig } from '../config/config.js';
import { migrate } from '../database/migrator.js';

/** Where the migrations lie, in the repository and in the image alike. */
export const MIGRATIONS_DIR = fileURLToPath(new URL('../../prisma/migrations', import.meta.url));

/** Brings the database up to date. @returns the exit code */
export async function run(log: (line: string) => void): Promise<number> {
  const config = readConfig();
  const applied = await migrate(config.databaseDirectUrl, MIGRATIONS_DIR, log);
  log(applied.length > 0 ? `Applied ${applied.length} migration(s)` : 'The database is up to date');
  return 0;
}
