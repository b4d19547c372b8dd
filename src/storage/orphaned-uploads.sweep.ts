import { text } from 'node:stream/consumers';
import { Injectable, Logger } from '@nestjs/common';
import { Fault } from '../kernel/fault.js';
import { Sweep } from '../kernel/sweep.js';
import { ObjectStore } from './object-store.js';
import { uploadsOf } from './upload-keys.js';
import { UploadSweepsRepository, type UploadTurn } from './upload-sweeps.repository.js';
import { Uploads } from './uploads.js';

const BATCH = 500;
/** Between two batches of one feature, over all processes. */
const PAUSE_SECONDS = 300;
/** What is younger may be on its way into a row. */
const MIN_AGE_MS = 86_400_000;

/**
 * Removes uploads that nothing refers to: their request failed after they were stored, or what they were for was replaced.
 * Goes round in batches; only folders of features that say what they use are looked at.
 */
@Injectable()
export class OrphanedUploadsSweep extends Sweep {
  readonly name = 'orphaned-uploads';
  readonly intervalMs = 60_000;
  private readonly logger = new Logger('orphaned-uploads');

  constructor(
    private readonly uploads: Uploads,
    private readonly objects: ObjectStore,
    private readonly turns: UploadSweepsRepository,
  ) {
    super();
  }

  async runOnce(): Promise<Record<string, number>> {
    let removed = 0;
    for (const { feature } of this.uploads.owners()) removed += await this.sweep(feature);
    return { upload_removed: removed };
  }

  private async sweep(feature: string): Promise<number> {
    const turn = await this.turns.take(feature, PAUSE_SECONDS);
    if (!turn) return 0;
    try {
      return (await this.isOurs(feature, turn)) ? await this.clearUp(feature, turn) : 0;
    } catch (error) {
      // Readiness tells of a storage that is away; the next turn comes by itself.
      if (Fault.is(error, 'storage.unavailable')) return 0;
      throw error;
    }
  }

  private async clearUp(feature: string, { afterKey, now }: UploadTurn): Promise<number> {
    const page = { after: afterKey || undefined, limit: BATCH };
    const listed = await this.objects.list(uploadsOf(feature), page);
    const bornBefore = now.getTime() - MIN_AGE_MS;
    const old = listed.filter(({ modifiedAt }) => modifiedAt.getTime() < bornBefore);
    const removed = await this.uploads.release(old.map(({ key }) => key));
    await this.turns.goOnAfter(feature, listed.length < BATCH ? '' : (listed.at(-1)?.key ?? ''));
    return removed;
  }

  /** The deployment that came first leaves its mark: what another one keeps in the same storage is unknown here. */
  private async isOurs(feature: string, { id }: UploadTurn): Promise<boolean> {
    const mark = `${uploadsOf(feature)}.owner`;
    const owner = await this.read(mark);
    if (owner === id) return true;
    if (owner === null) await this.objects.put(mark, Buffer.from(id));
    else
      this.logger.warn(
        `${mark} names another deployment: its uploads and ours share a storage, none is removed`,
      );
    return owner === null;
  }

  private async read(key: string): Promise<string | null> {
    try {
      return await text((await this.objects.open(key)).stream);
    } catch (error) {
      if (Fault.is(error, 'source.not_found')) return null;
      throw error;
    }
  }
}
