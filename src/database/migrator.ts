import { createHash, randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client, type DatabaseError } from 'pg';

/** Why the schema cannot be brought up to date: names the migration and the cure. */
export class MigrationFault extends Error {
  override readonly name = 'MigrationFault';
}

interface Migration {
  name: string;
  script: string;
  /** SHA-256 of the file, as Prisma writes it. */
  checksum: string;
}

/** The advisory lock that Prisma's own tool takes, so that both wait for each other. */
const PRISMA_LOCK = 72_707_369;
/** Longest wait for another migrator: a long migration is legal, a frozen one must not hold up a start for ever. */
const LOCK_TIMEOUT = '10min';

/**
 * A schema named like the user comes first in Postgres' default search path. One that somebody makes after the first
 * start would make every table seem to be missing, and be made again there.
 */
const LEAVE_USER_SCHEMA_SQL = `
  SELECT set_config('search_path', regexp_replace(current_setting('search_path'), '"?\\$user"?,? *', ''), false)`;

/** Prisma's own table, column by column: `prisma migrate status` reads what we write. */
const CREATE_HISTORY_SQL = `
  CREATE TABLE IF NOT EXISTS _prisma_migrations (
    id VARCHAR(36) PRIMARY KEY NOT NULL,
    checksum VARCHAR(64) NOT NULL,
    finished_at TIMESTAMPTZ,
    migration_name VARCHAR(255) NOT NULL,
    logs TEXT,
    rolled_back_at TIMESTAMPTZ,
    started_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    applied_steps_count INTEGER NOT NULL DEFAULT 0
  )`;

/**
 * Applies `<migrationsDir>/<name>/migration.sql` in the order of names, each in one transaction together with the note
 * that it was applied: an unfinished note therefore always means "not applied", and the next run simply tries again.
 * Concurrent migrators wait for each other.
 * @param connectionString a direct connection: the lock belongs to the session, which a pooler would share
 * @returns the names applied by this call
 * @throws MigrationFault naming a migration that failed, or one that was edited after it had been applied
 */
export async function migrate(
  connectionString: string,
  migrationsDir: string,
  log: (line: string) => void,
): Promise<string[]> {
  const migrations = await readMigrations(migrationsDir);
  const client = new Client({ connectionString, application_name: 'intake migrate' });
  // A lost connection also rejects the query that runs; without a listener it would end the process.
  client.on('error', (error) => log(`The connection to the database was lost: ${error.message}`));
  await client.connect();
  try {
    await client.query(LEAVE_USER_SCHEMA_SQL);
    await lock(client);
    return await applyPending(client, migrations, log);
  } finally {
    await client.end();
  }
}

async function readMigrations(folder: string): Promise<Migration[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: Error) => {
    throw new MigrationFault(`The migrations cannot be read: ${error.message}`);
  });
  const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  return Promise.all(
    names.toSorted().map(async (name) => {
      const file = join(folder, name, 'migration.sql');
      const script = await readFile(file, 'utf8').catch((error: Error) => {
        throw new MigrationFault(`The migration ${name} cannot be read: ${error.message}`);
      });
      return { name, script, checksum: createHash('sha256').update(script).digest('hex') };
    }),
  );
}

async function lock(client: Client): Promise<void> {
  await client.query(`SET lock_timeout = '${LOCK_TIMEOUT}'`);
  try {
    await client.query('SELECT pg_advisory_lock($1)', [PRISMA_LOCK]);
  } catch (error) {
    if ((error as DatabaseError).code !== '55P03') throw error;
    throw new MigrationFault(
      `Another migrator has held its lock for ${LOCK_TIMEOUT}. See who: SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid = ${PRISMA_LOCK}.`,
    );
  }
  await client.query('RESET lock_timeout');
}

async function applyPending(
  client: Client,
  migrations: Migration[],
  log: (line: string) => void,
): Promise<string[]> {
  await client.query(CREATE_HISTORY_SQL);
  const applied = await readApplied(client);
  assertUnedited(migrations, applied);
  const known = new Set(migrations.map(({ name }) => name));
  const unknown = [...applied.keys()].filter((name) => !known.has(name));
  if (unknown.length > 0)
    log(`The database has migrations that this version does not know: ${unknown.join(', ')}`);

  const pending = migrations.filter(({ name }) => !applied.has(name));
  for (const migration of pending) {
    await apply(client, migration);
    log(`Applied migration ${migration.name}`);
  }
  return pending.map(({ name }) => name);
}

async function readApplied(client: Client): Promise<Map<string, string>> {
  const { rows } = await client.query<{ migration_name: string; checksum: string }>(
    `SELECT migration_name, checksum FROM _prisma_migrations
     WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL ORDER BY started_at`,
  );
  return new Map(rows.map((row) => [row.migration_name, row.checksum]));
}

function assertUnedited(migrations: Migration[], applied: Map<string, string>): void {
  const edited = migrations.filter(
    ({ name, checksum }) => applied.has(name) && applied.get(name) !== checksum,
  );
  if (edited.length === 0) return;
  const names = edited.map(({ name }) => name).join(', ');
  throw new MigrationFault(
    `Edited after it was applied: ${names}. Restore the file as it was applied, and put the change into a new migration.`,
  );
}

async function apply(client: Client, { name, script, checksum }: Migration): Promise<void> {
  await client.query(
    `UPDATE _prisma_migrations SET rolled_back_at = now()
     WHERE migration_name = $1 AND finished_at IS NULL AND rolled_back_at IS NULL`,
    [name],
  );
  const id = randomUUID();
  await client.query('INSERT INTO _prisma_migrations (id, checksum, migration_name) VALUES ($1, $2, $3)', [
    id,
    checksum,
    name,
  ]);
  // One simple query is one transaction. `id` is ours and holds nothing but hexadecimal digits and dashes.
  const note = `UPDATE _prisma_migrations SET finished_at = now(), applied_steps_count = 1 WHERE id = '${id}'`;
  try {
    await client.query(`${script}\n;\n${note}`);
  } catch (error) {
    const reason = describe(error as DatabaseError, script);
    await client.query('UPDATE _prisma_migrations SET logs = $2 WHERE id = $1', [id, reason]).catch(() => {
      // The connection is what failed: the unfinished row alone says that the migration was not applied.
    });
    throw new MigrationFault(
      `The migration ${name} failed: ${reason}. Nothing of it was applied: remove the cause and run \`intake migrate\` again.`,
      { cause: error },
    );
  }
}

function describe({ message, position, detail }: DatabaseError, script: string): string {
  const line = position ? ` (line ${script.slice(0, Number(position)).split('\n').length})` : '';
  return `${message}${line}${detail ? `: ${detail}` : ''}`;
}
