import { Injectable } from '@nestjs/common';
import { Fault } from '../kernel/fault.js';
import { TaskControlService } from '../tasks/task-control.service.js';
import { completed, rejected, type TaskOutcome } from '../tasks/task-outcome.js';
import type { Tally } from '../vectors/tally.js';
import { VectorCollections, type VectorCollection } from '../vectors/vector-collections.js';
import { VectorSources } from '../vectors/vector-sources.js';
import { VectorStore } from '../vectors/vector-store.js';
import { ReindexJudge, type Judgement } from './reindex-judge.js';
import type { ReindexJob, ReindexRun } from './reindex-run.js';
import { ReindexRunsRepository, type ReindexRunRow } from './reindex-runs.repository.js';
import type { ReindexSource } from './reindex-source.js';
import { ReindexWalk } from './reindex-walk.js';
import type { ReindexResult } from './reindex.contract.js';

type Outcome = TaskOutcome<ReindexResult>;

/** How often what was written meanwhile is caught up with before the attempt fails. */
const MAX_PASSES = 5;
/** One's own tenant is caught up with after so many; what is missing then are others'. */
const OWN_PASSES = 2;
/** A run that was not heard of for so long, whose task cannot be seen from here, is dead. */
const SILENT_SECONDS = 120;
const FINAL = new Set(['completed', 'failed', 'cancelled']);

const UNJUDGED: Judgement = { samples: 0, overlap_at_10: null, found_again: null, refusal: null };
const SUPERSEDED = rejected('reindex.superseded', 'Another re-index fills another collection by now.');

/** The parts of a re-index that stand for themselves. */
@Injectable()
export class ReindexSteps {
  constructor(
    readonly walk: ReindexWalk,
    readonly judge: ReindexJudge,
  ) {}
}

/**
 * Fills a new collection of a purpose while the old one serves, compares them, and switches; or goes back to the one that
 * served before. Any attempt goes on where the last one ended.
 */
@Injectable()
export class Reindexer {
  constructor(
    private readonly store: VectorStore,
    private readonly collections: VectorCollections,
    private readonly sources: VectorSources,
    private readonly runs: ReindexRunsRepository,
    private readonly steps: ReindexSteps,
    private readonly control: TaskControlService,
  ) {}

  async run(run: ReindexRun, source: ReindexSource): Promise<Outcome> {
    const job = await this.resume(run, source);
    if ('kind' in job) return job;
    return run.payload.rollback ? this.catchUp(run, source, job) : this.fill(run, source, job);
  }

  private async fill(run: ReindexRun, source: ReindexSource, first: ReindexJob): Promise<Outcome> {
    const { target } = first;
    let judgement: Judgement | null = null;
    let embedded = 0;
    for (let pass = 1; pass <= MAX_PASSES; pass += 1) {
      const written = await this.steps.walk.walk(
        run,
        source,
        pass === 1 ? first : { target, cursor: null, done: 0 },
      );
      if (written === null) return SUPERSEDED;
      embedded += written;
      judgement ??= await this.steps.judge.judge(run, source, target);
      if (judgement.refusal !== null) return this.refuse(run, target, judgement.refusal);
      const answer = await this.trySwitch(run, source, { target, judgement, embedded });
      if (answer) return completed(answer);
      if (!run.payload.all_tenants && pass >= OWN_PASSES)
        return completed(await this.unswitched(target, judgement, embedded));
    }
    throw new Fault(
      'reindex.unsettled',
      'Things are stored faster than they are re-indexed; it goes on later.',
    );
  }

  /** After a roll-back: what was stored while the other collection served. */
  private async catchUp(run: ReindexRun, source: ReindexSource, job: ReindexJob): Promise<Outcome> {
    const { target } = job;
    const embedded = await this.steps.walk.walk(run, source, job);
    if (embedded === null) return SUPERSEDED;
    const retired = newest(await this.collections.of(source.alias), target)?.name ?? null;
    const result = {
      ...describe(target, await this.sources.tally(target.name), UNJUDGED, embedded),
      retired,
    };
    await run.effects((tx) => this.runs.end(tx, { collection: target.name, taskId: run.taskId }, result));
    return completed(result);
  }

  /** @returns what there is to do, or the end when nothing is */
  private async resume(run: ReindexRun, source: ReindexSource): Promise<ReindexJob | Outcome> {
    const mine = await this.runs.ofTask(run.taskId);
    if (mine?.result) return completed(mine.result);
    if (!mine) return run.payload.rollback ? this.goBack(run, source) : this.begin(run, source);
    const target = await this.collections.find(mine.collection);
    run.log('resuming', { collection: target.name, done: mine.done });
    return { target, cursor: mine.cursor, done: mine.done };
  }

  private async begin(run: ReindexRun, source: ReindexSource): Promise<ReindexJob | Outcome> {
    const { alias, models } = source;
    const { model, dimension } = models.current;
    const filling = (await this.collections.of(alias)).find(({ state }) => state === 'filling');
    const owner = filling && (await this.runs.ofCollection(filling.name));
    if (owner && (await this.isLive(run, owner)))
      return rejected('reindex.running', `The task ${owner.taskId} is at it; wait for it, or cancel it.`);
    const fits =
      filling?.model === model && filling.dimension === dimension && filling.backend === this.store.backend;
    const name = fits ? filling.name : await this.store.addCollection({ alias, model, dimension });
    const target = await this.collections.find(name);
    await run.effects((tx) => this.runs.begin(tx, name, run.taskId));
    run.log('filling', { collection: name, model, backend: target.backend });
    return { target, cursor: null, done: 0 };
  }

  private async goBack(run: ReindexRun, source: ReindexSource): Promise<ReindexJob | Outcome> {
    const target = newest(await this.collections.of(source.alias));
    if (!target)
      return rejected('reindex.nothing_to_roll_back', 'No collection that served before is kept any more.');
    if (!source.models.has(target.model) || !this.store.reaches(target.backend))
      return rejected(
        'embedding.model_missing',
        `${target.model} in ${target.backend} is not configured here.`,
      );
    await run.effects(async (tx) => {
      await this.collections.serve(tx, target);
      await this.runs.begin(tx, target.name, run.taskId);
    });
    run.log('rolled back', { collection: target.name, model: target.model });
    return { target, cursor: null, done: 0 };
  }

  /** @returns nothing when the collection does not hold all that is stored yet */
  private async trySwitch(
    run: ReindexRun,
    source: ReindexSource,
    { target, judgement, embedded }: { target: VectorCollection; judgement: Judgement; embedded: number },
  ): Promise<ReindexResult | null> {
    const switching = run.effects(async (tx) => {
      const retired = await this.collections.serve(tx, target);
      const tally = await this.sources.tally(target.name, tx);
      if (!same(await source.items.tally(tx), tally)) throw new Incomplete();
      const result = { ...describe(target, tally, judgement, embedded), retired };
      await this.runs.end(tx, { collection: target.name, taskId: run.taskId }, result);
      return result;
    });
    const result = await switching.catch((error: unknown) => {
      if (error instanceof Incomplete) return null;
      throw error;
    });
    if (result) run.log('switched', { collection: target.name, retired: result.retired });
    return result;
  }

  private async refuse(run: ReindexRun, target: VectorCollection, why: string): Promise<Outcome> {
    await run.effects((tx) => this.collections.giveUp(tx, target));
    return rejected('reindex.refused', `The collection ${target.name} does not take over: ${why}.`);
  }

  private async unswitched(
    target: VectorCollection,
    judgement: Judgement,
    embedded: number,
  ): Promise<ReindexResult> {
    const reason = `${target.alias} of other tenants are not in it yet: re-index them, or all with all_tenants`;
    const tally = await this.sources.tally(target.name);
    return { ...describe(target, tally, judgement, embedded), switched: false, reason };
  }

  private async isLive(run: ReindexRun, { taskId, result, idleSeconds }: ReindexRunRow): Promise<boolean> {
    if (result || taskId === run.taskId) return false;
    const status = (await this.control.statuses(run.scope, [taskId])).get(taskId);
    return status === undefined ? idleSeconds < SILENT_SECONDS : !FINAL.has(status);
  }
}

/** Undoes the switch: something is stored that the collection does not hold. */
class Incomplete extends Error {}

/** The one that served last, of those that do no more. */
function newest(
  collections: readonly VectorCollection[],
  but?: VectorCollection,
): VectorCollection | undefined {
  const [last] = collections
    .filter(({ name, state, servedAt }) => state === 'retired' && servedAt !== null && name !== but?.name)
    .toSorted((a, b) => Number(b.retiredAt) - Number(a.retiredAt));
  return last;
}

function same(a: Tally, b: Tally): boolean {
  return a.sources === b.sources && a.points === b.points && a.digest === b.digest;
}

function describe(
  { name, alias, model, backend }: VectorCollection,
  { sources, points }: Tally,
  { samples, overlap_at_10, found_again }: Judgement,
  embedded: number,
): ReindexResult {
  const collection = { alias, collection: name, model, backend };
  const compared = { samples, overlap_at_10, found_again };
  return {
    ...collection,
    ...compared,
    sources,
    points,
    embedded,
    switched: true,
    reason: null,
    retired: null,
  };
}
