import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Tx } from '../database/transaction.js';
import type { ReindexCursor } from './stored-items.js';
import type { ReindexResult } from './reindex.contract.js';

export interface ReindexRunRow {
  collection: string;
  taskId: string;
  cursor: ReindexCursor | null;
  /** Items that the walk has passed. */
  done: number;
  result: ReindexResult | null;
  /** Seconds since it was last heard of. */
  idleSeconds: number;
}

const ROW = `collection, task_id::text AS "taskId", cursor, done, result,
  extract(epoch FROM now() - updated_at)::float8 AS "idleSeconds"`;

const OF_TASK = `SELECT ${ROW} FROM reindex_runs WHERE task_id = $1::uuid`;
const OF_COLLECTION = `SELECT ${ROW} FROM reindex_runs WHERE collection = $1`;

const BEGIN = `
  INSERT INTO reindex_runs (collection, task_id) VALUES ($1, $2::uuid)
  ON CONFLICT (collection) DO UPDATE
  SET task_id = excluded.task_id, cursor = NULL, done = 0, result = NULL, updated_at = now()`;

const ADVANCE = `
  UPDATE reindex_runs SET cursor = $3::jsonb, done = $4, updated_at = now()
  WHERE collection = $1 AND task_id = $2::uuid`;

const END = `
  UPDATE reindex_runs SET result = $3::jsonb, updated_at = now() WHERE collection = $1 AND task_id = $2::uuid`;

/** How far re-indexes have come: one row per collection that is or was filled by one. */
@Injectable()
export class ReindexRunsRepository {
  constructor(private readonly database: Database) {}

  async ofTask(taskId: string): Promise<ReindexRunRow | undefined> {
    const [row] = await this.database.query<ReindexRunRow>(OF_TASK, taskId);
    return row;
  }

  async ofCollection(collection: string): Promise<ReindexRunRow | undefined> {
    const [row] = await this.database.query<ReindexRunRow>(OF_COLLECTION, collection);
    return row;
  }

  /** The collection is this task's to fill, from the beginning. */
  async begin(tx: Tx, collection: string, taskId: string): Promise<void> {
    await this.database.executeIn(tx, BEGIN, collection, taskId);
  }

  /** @returns `false` when the collection is another task's by now */
  async advance(
    tx: Tx,
    { collection, taskId }: Pick<ReindexRunRow, 'collection' | 'taskId'>,
    cursor: ReindexCursor | null,
    done: number,
  ): Promise<boolean> {
    const values = [collection, taskId, cursor && JSON.stringify(cursor), done];
    return (await this.database.executeIn(tx, ADVANCE, ...values)) > 0;
  }

  async end(
    tx: Tx,
    { collection, taskId }: Pick<ReindexRunRow, 'collection' | 'taskId'>,
    result: ReindexResult,
  ): Promise<void> {
    await this.database.executeIn(tx, END, collection, taskId, JSON.stringify(result));
  }
}
