import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEFAULT_TENANT } from '../../src/kernel/tenant-scope.js';
import * as dispatch from '../../src/tasks/dispatch.sql.js';
import * as repair from '../../src/tasks/repair.sql.js';
import * as stats from '../../src/tasks/stats.sql.js';
import * as submit from '../../src/tasks/submit.sql.js';
import { HISTORY, buffersOf, buffersPerRow, undone } from '../support/buffers.js';
import { Core, newTask, newTasks } from '../support/core.js';
import { freshDatabase, type TestDatabase } from '../support/stack.js';

const FINAL_ROWS = 200_000;
const ROUNDS = 12;
const WINDOW = 64;
const WAITING = 2_000;
/** A history makes indexes a level deeper, and each row is in a few of them; reading any of it would cost thousands. */
const PAGES_PER_ROW = 12;
/** Beside a history few dead rows are too few for VACUUM to clean its indexes, and the sweeps would read those entries. */
const CLEAN = 'INDEX_CLEANUP ON';

describe('what a statement touches', () => {
  let server: TestDatabase;
  let core: Core;

  beforeAll(async () => {
    server = await freshDatabase();
    core = new Core(server.url);
    await core.tasks.ensureQueues(['default']);
  });

  afterAll(async () => {
    await core.close();
    await server.drop();
  });

  /** A little of work goes through, and what the sweeps read is read. */
  const measure = async () => {
    await core.pause(true);
    await core.submit(newTasks(WAITING));
    await core.pause(false);
    // Commits that are not on disk yet keep a page from being all visible, and who writes to one that is reads its map too.
    await core.database.query('CHECKPOINT');
    await core.database.query(`VACUUM (ANALYZE, ${CLEAN}) tasks`);
    const each = await buffersPerRow(core.database, 'default', ROUNDS);
    await core.database.query(`VACUUM (${CLEAN}) tasks`);
    return { each, once: await undone(core.database, (tx) => theRest(core, tx)) };
  };

  it('does not grow with the history: claim, settle, dispatch, submit and the sweeps', async () => {
    const before = await measure();
    await core.database.query(HISTORY, FINAL_ROWS, 0);
    const after = await measure();
    // Each change of status writes to the primary key, which may be a level deeper; no other index of theirs holds history.
    for (const step of ['dispatch', 'claim'] as const)
      expect(after.each[step], `buffers per ${step}`).toBeLessThanOrEqual(before.each[step] + 2);
    expect(after.each.settle, 'buffers per settlement').toBeLessThanOrEqual(
      before.each.settle + PAGES_PER_ROW,
    );
    expect(after.once.stats, 'stats').toBeLessThan(before.once.stats + 20);
    for (const [name, buffers] of Object.entries(after.once)) {
      const rows = name.startsWith('sweep') ? 8 : WINDOW;
      const allowed = (before.once[name as keyof typeof after.once] ?? 0) + rows * PAGES_PER_ROW;
      expect(buffers, name).toBeLessThanOrEqual(allowed);
    }
  }, 120_000);
});

async function theRest({ database }: Core, tx: Parameters<typeof buffersOf>[1]) {
  const run = (text: string, ...parameters: unknown[]) => buffersOf(database, tx, text, ...parameters);
  const fresh = JSON.stringify(
    Array.from({ length: WINDOW }, (_, at) => newTask({ external_id: `new-${at}`, unique_key: `k-${at}` })),
  );
  return {
    submit: await run(submit.SUBMIT, fresh, 3_600),
    classify: await run(submit.CLASSIFY, fresh, 3_600),
    stats: await run(stats.COUNTS, DEFAULT_TENANT, ['default'], 5),
    'sweep: wake': await run(dispatch.WAKE, 500),
    'sweep: queued': await run(dispatch.FIND_QUEUED, 'default', new Date(), 500, null, null),
    'sweep: lose': await run(repair.LOSE, 12, 500),
    'sweep: time out': await run(repair.TIME_OUT, 15, 3_600),
  };
}
