import { Injectable } from '@nestjs/common';
import { Clock } from '../kernel/clock.js';
import type { TenantScope } from '../kernel/tenant-scope.js';
import { VectorCollections, type VectorCollection } from '../vectors/vector-collections.js';
import { VectorSources } from '../vectors/vector-sources.js';
import { VectorStore, type VectorPoint } from '../vectors/vector-store.js';
import { ReindexProgress } from './reindex-progress.js';
import type { ReindexJob, ReindexRun } from './reindex-run.js';
import { ReindexRunsRepository } from './reindex-runs.repository.js';
import type { ReindexSource } from './reindex-source.js';
import type { ReindexCursor, ReindexItem } from './stored-items.js';

/** Items that are looked at together. */
const PAGE_ITEMS = 200;
/** Items that are embedded and written together: what a process that dies has to do again at most. */
const BATCH_ITEMS = 16;

/** Walks all items in order and computes the vectors that a collection lacks. */
@Injectable()
export class ReindexWalk {
  constructor(
    private readonly store: VectorStore,
    private readonly collections: VectorCollections,
    private readonly sources: VectorSources,
    private readonly runs: ReindexRunsRepository,
    private readonly clock: Clock,
  ) {}

  /** @returns how many items it embedded; `null` when the collection is another run's by now, or given up */
  async walk(run: ReindexRun, source: ReindexSource, job: ReindexJob): Promise<number | null> {
    const scope = run.payload.all_tenants ? null : run.scope;
    const progress = new ReindexProgress(run, this.clock, { total: await source.items.count(scope), ...job });
    let { cursor } = job;
    let embedded = 0;
    for (;;) {
      const page = await this.page(run, source, scope, cursor);
      const last = page.at(-1);
      if (!last) return embedded;
      const stale = new Set(await this.stale(job.target, page));
      for (let at = 0; at < page.length; at += BATCH_ITEMS) {
        const batch = page.slice(at, at + BATCH_ITEMS);
        progress.passed(batch.length);
        const due = batch.filter((item) => stale.has(item));
        if (due.length > 0 && !(await this.write(run, source, job.target, due, progress.done))) return null;
        embedded += due.length;
      }
      cursor = cursorOf(last);
    }
  }

  private async page(
    { signal }: ReindexRun,
    source: ReindexSource,
    scope: TenantScope | null,
    after: ReindexCursor | null,
  ): Promise<ReindexItem[]> {
    signal.throwIfAborted();
    return source.items.page(scope, after, PAGE_ITEMS);
  }

  /** Those whose vectors there are not of their generation: written since, or by nobody yet. */
  private async stale({ name }: VectorCollection, items: readonly ReindexItem[]): Promise<ReindexItem[]> {
    const tenants = [...new Set(items.map(({ tenantId }) => tenantId))];
    const stale: ReindexItem[] = [];
    for (const tenantId of tenants) {
      const own = items.filter((item) => item.tenantId === tenantId);
      const ids = own.map(({ id }) => id);
      const known = await this.sources.generations({ tenantId }, name, ids);
      stale.push(...own.filter(({ id, generation }) => known.get(id) !== generation));
    }
    return stale;
  }

  private async embed(
    { signal }: ReindexRun,
    source: ReindexSource,
    { model }: VectorCollection,
    items: readonly ReindexItem[],
  ): Promise<Map<ReindexItem, VectorPoint[]>> {
    const points = new Map<ReindexItem, VectorPoint[]>();
    for (let at = 0; at < items.length; at += source.atOnce) {
      const together = items.slice(at, at + source.atOnce);
      const embed = async (item: ReindexItem) => points.set(item, await source.embed(item, model, signal));
      await Promise.all(together.map(embed));
    }
    return points;
  }

  /** Vectors and the place where the walk stands commit together. @returns `false` when the collection is not ours */
  private async write(
    run: ReindexRun,
    source: ReindexSource,
    target: VectorCollection,
    items: readonly ReindexItem[],
    done: number,
  ): Promise<boolean> {
    const points = await this.embed(run, source, target, items);
    const last = items.at(-1);
    return run.effects(async (tx) => {
      const held = await source.items.hold(tx, items);
      const open = (await this.collections.hold(tx, source.alias)).find(({ name }) => name === target.name);
      if (!open || open.state === 'retired') return false;
      for (const item of held) {
        const { tenantId, id, generation } = item;
        const key = { collection: target.name, tenantId, source: id, generation };
        await this.store.replace(tx, { ...key, points: points.get(item) ?? [] });
      }
      const own = { collection: target.name, taskId: run.taskId };
      return this.runs.advance(tx, own, last ? cursorOf(last) : null, done);
    });
  }
}

function cursorOf({ tenantId, id }: ReindexItem): ReindexCursor {
  return { tenantId, id };
}
