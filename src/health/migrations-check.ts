import { readdir } from 'node:fs/promises';
import type { Database } from '../database/database.js';

const MIGRATIONS = new URL('../../prisma/migrations/', import.meta.url);
const APPLIED = `
SELECT migration_name AS name FROM _prisma_migrations
WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL`;

/** The migrations of this build that the database has not seen, in order. */
export async function missingMigrations(database: Database): Promise<string[]> {
  const [entries, applied] = await Promise.all([
    readdir(MIGRATIONS, { withFileTypes: true }),
    appliedTo(database),
  ]);
  const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  return names.filter((name) => !applied.has(name)).toSorted();
}

async function appliedTo(database: Database): Promise<ReadonlySet<string>> {
  const [table] = await database.query<{ there: boolean }>(
    `SELECT to_regclass('_prisma_migrations') IS NOT NULL AS there`,
  );
  if (!table?.there) return new Set();
  const rows = await database.query<{ name: string }>(APPLIED);
  return new Set(rows.map(({ name }) => name));
}
