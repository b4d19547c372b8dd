import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { migrate, MigrationFault } from '../../src/database/migrator.js';
import { emptyDatabase, type TestDatabase } from '../support/stack.js';

describe('migrate', () => {
  let folder: string;
  let database: TestDatabase;
  let lines: string[];

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'intake-migrations-'));
    database = await emptyDatabase();
    lines = [];
  });

  afterEach(async () => {
    await database.drop();
    rmSync(folder, { recursive: true });
  });

  const write = (name: string, script: string) => {
    mkdirSync(join(folder, name), { recursive: true });
    writeFileSync(join(folder, name, 'migration.sql'), script);
  };
  const run = () => migrate(database.url, folder, (line) => lines.push(line));
  const query = async (sql: string): Promise<unknown[]> => {
    const client = new Client({ connectionString: database.url });
    await client.connect();
    const { rows } = await client.query<Record<string, unknown>>(sql);
    await client.end();
    return rows;
  };

  it('applies each script once, in order of names, and says which', async () => {
    write('2_second', 'ALTER TABLE a ADD COLUMN b int; -- no newline at the end');
    write('1_first', 'CREATE TABLE a (id int); INSERT INTO a VALUES (1);');
    expect(await run()).toEqual(['1_first', '2_second']);
    expect(await run()).toEqual([]);
    expect(await query('SELECT * FROM a')).toEqual([{ id: 1, b: null }]);
    expect(lines).toEqual(['Applied migration 1_first', 'Applied migration 2_second']);
  });

  it("writes Prisma's own table", async () => {
    write('1_first', 'CREATE TABLE a (id int);');
    await run();
    const [row] = await query('SELECT * FROM _prisma_migrations');
    expect(row).toMatchObject({
      migration_name: '1_first',
      // sha256sum of the script
      checksum: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
      finished_at: expect.any(Date) as Date,
      rolled_back_at: null,
      logs: null,
      applied_steps_count: 1,
    });
  });

  it('rolls a failed script back whole, records it, and names it with its line', async () => {
    write('1_first', 'CREATE TABLE a (id int);\nCREATE TABLE b (id int);\nSELECT nothing_such;');
    await expect(run()).rejects.toThrow(/1_first failed: column "nothing_such" does not exist \(line 3\)/);
    await expect(run()).rejects.toThrow(MigrationFault);
    expect(await query("SELECT to_regclass('a') AS a")).toEqual([{ a: null }]);
    const failed = await query(
      'SELECT logs, rolled_back_at IS NULL AS open, finished_at FROM _prisma_migrations',
    );
    expect(failed).toHaveLength(2);
    expect(failed).toContainEqual({
      logs: expect.stringContaining('nothing_such') as string,
      open: true,
      finished_at: null,
    });
  });

  it('goes on by itself once the cause has gone', async () => {
    write('1_first', 'ALTER TABLE missing ADD COLUMN b int;');
    await expect(run()).rejects.toThrow(MigrationFault);
    await query('CREATE TABLE missing (a int)');
    expect(await run()).toEqual(['1_first']);
    expect(
      await query('SELECT 1 FROM _prisma_migrations WHERE finished_at IS NULL AND rolled_back_at IS NULL'),
    ).toEqual([]);
  });

  it('refuses a migration that was edited after it had been applied', async () => {
    write('1_first', 'CREATE TABLE a (id int);');
    await run();
    write('1_first', 'CREATE TABLE a (id bigint);');
    await expect(run()).rejects.toThrow(/Edited after it was applied: 1_first/);
  });

  it('tolerates migrations of a newer version and says so', async () => {
    write('1_first', 'CREATE TABLE a (id int);');
    write('2_newer', 'CREATE TABLE b (id int);');
    await run();
    rmSync(join(folder, '2_newer'), { recursive: true });
    expect(await run()).toEqual([]);
    expect(lines.at(-1)).toContain('2_newer');
  });

  it('lets eight migrators at once apply each script once', async () => {
    write('1_first', 'CREATE TABLE a (id int); SELECT pg_sleep(0.2);');
    write('2_second', 'CREATE TABLE b (id int);');
    const applied = await Promise.all(Array.from({ length: 8 }, run));
    expect(applied.flat().toSorted()).toEqual(['1_first', '2_second']);
  });

  it("waits while Prisma's own tool holds the lock", async () => {
    write('1_first', 'CREATE TABLE a (id int);');
    const prisma = new Client({ connectionString: database.url });
    await prisma.connect();
    await prisma.query('SELECT pg_advisory_lock(72707369)');
    let done = false;
    const migration = run().finally(() => (done = true));
    try {
      await expect
        .poll(
          () => query("SELECT wait_event FROM pg_stat_activity WHERE application_name = 'intake migrate'"),
          { timeout: 5_000 },
        )
        .toContainEqual({ wait_event: 'advisory' });
      expect(done).toBe(false);
    } finally {
      await prisma.end();
    }
    expect(await migration).toEqual(['1_first']);
  });

  it('is not led astray by a schema named like the user', async () => {
    write('1_first', 'CREATE TABLE a (id int);');
    await run();
    await query('CREATE SCHEMA AUTHORIZATION CURRENT_USER');
    expect(await run()).toEqual([]);
    expect(
      await query("SELECT schemaname FROM pg_tables WHERE tablename IN ('a', '_prisma_migrations')"),
    ).toEqual([{ schemaname: 'public' }, { schemaname: 'public' }]);
  });

  it('names a folder without its script, and a folder that is not there', async () => {
    mkdirSync(join(folder, '1_first'));
    await expect(run()).rejects.toThrow(/1_first cannot be read/);
    await expect(migrate(database.url, join(folder, 'missing'), () => {})).rejects.toThrow(MigrationFault);
  });
});
