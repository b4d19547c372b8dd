import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';

/** One process takes the turn; whoever dies in it lets the next one come when that is due. */
const TAKE = `
UPDATE upload_sweeps SET due_at = now() + make_interval(secs => $2)
WHERE feature = $1 AND due_at <= now()
RETURNING id, after_key AS "afterKey", now() AS "now"`;

export interface UploadTurn {
  /** Of this deployment and feature, for ever. */
  id: string;
  /** Where the turn before ended; empty at the beginning. */
  afterKey: string;
  now: Date;
}

@Injectable()
export class UploadSweepsRepository {
  constructor(private readonly database: Database) {}

  /**
   * Takes the next turn for a feature.
   * @returns nothing when it is not due
   */
  async take(feature: string, pauseSeconds: number): Promise<UploadTurn | undefined> {
    const insert = 'INSERT INTO upload_sweeps (feature) VALUES ($1) ON CONFLICT DO NOTHING';
    return this.database.transaction(async (tx) => {
      await this.database.executeIn(tx, insert, feature);
      const [turn] = await this.database.queryIn<UploadTurn>(tx, TAKE, feature, pauseSeconds);
      return turn;
    });
  }

  /** @param afterKey empty: from the beginning */
  async goOnAfter(feature: string, afterKey: string): Promise<void> {
    await this.database.client.uploadSweep.update({ where: { feature }, data: { afterKey } });
  }
}
