import { Injectable } from '@nestjs/common';
import { Fault } from '../kernel/fault.js';
import { VectorCollections, type VectorCollection } from '../vectors/vector-collections.js';
import { VectorSources } from '../vectors/vector-sources.js';
import { VectorStore, type VectorHit } from '../vectors/vector-store.js';
import type { ReindexRun } from './reindex-run.js';
import type { ReindexSample, ReindexSource } from './reindex-source.js';

const SAMPLES = 20;
const HITS = 10;
/** Below this share of samples that find themselves, the new vectors are no vectors of what is stored. */
const MIN_FOUND_AGAIN = 0.5;
/** A model that is asked twice answers all but the same, unless it was shown the same thing in another way. */
const SAME = 0.99;

export interface Judgement {
  samples: number;
  overlap_at_10: number | null;
  found_again: number | null;
  /** What is clearly wrong; `null`: nothing. */
  refusal: string | null;
}

/** Compares a filled collection with the one that serves, and with what it should hold, before it takes over. */
@Injectable()
export class ReindexJudge {
  constructor(
    private readonly store: VectorStore,
    private readonly collections: VectorCollections,
    private readonly sources: VectorSources,
  ) {}

  async judge(run: ReindexRun, source: ReindexSource, target: VectorCollection): Promise<Judgement> {
    const scope = run.payload.all_tenants ? null : run.scope;
    const old = await this.comparable(source, target);
    const samples = await source.samples(scope, SAMPLES, run.signal);
    const overlaps: number[] = [];
    let found = 0;
    for (const sample of samples) {
      const hits = await this.ask(run, sample, target);
      const oldHits = old && (await this.askOld(run, sample, old));
      if (isFound(sample, hits)) found += 1;
      if (oldHits && oldHits.length > 0) overlaps.push(overlapOf(oldHits, hits));
    }
    const found_again = samples.length === 0 ? null : found / samples.length;
    const overlap_at_10 =
      overlaps.length === 0 ? null : overlaps.reduce((sum, each) => sum + each, 0) / overlaps.length;
    return {
      samples: samples.length,
      overlap_at_10,
      found_again,
      refusal: await this.refusal(target, found_again),
    };
  }

  private async refusal({ name }: VectorCollection, foundAgain: number | null): Promise<string | null> {
    const [{ points }, stored] = [await this.sources.tally(name), await this.store.stored(name)];
    if (stored < points) return `${stored} vectors lie there, ${points} were written`;
    if (foundAgain !== null && points === 0) return 'it is empty';
    if (foundAgain !== null && foundAgain < MIN_FOUND_AGAIN)
      return `of the samples asked for, only ${Math.round(foundAgain * 100)} % were found again`;
    return null;
  }

  /** The collection that serves, if it is another one and its model is at hand. */
  private async comparable(
    { alias, models }: ReindexSource,
    target: VectorCollection,
  ): Promise<VectorCollection | null> {
    const serving = (await this.collections.of(alias)).find(({ state }) => state === 'serving');
    if (!serving || serving.name === target.name) return null;
    return models.has(serving.model) && this.store.reaches(serving.backend) ? serving : null;
  }

  private async ask(
    { signal }: ReindexRun,
    sample: ReindexSample,
    { name, model }: VectorCollection,
  ): Promise<VectorHit[]> {
    const vector = await sample.embed(model, signal);
    return this.store.search({ tenantId: sample.tenantId }, { collection: name, vector, limit: HITS });
  }

  /** An old collection that cannot answer any more is a reason to switch, not a reason not to. */
  private async askOld(run: ReindexRun, sample: ReindexSample, old: VectorCollection): Promise<VectorHit[]> {
    try {
      return await this.ask(run, sample, old);
    } catch (error) {
      run.signal.throwIfAborted();
      if (!Fault.is(error)) throw error;
      run.log('the old collection does not answer', { code: error.code });
      return [];
    }
  }
}

/** The sample itself comes first, or something as near as can be: another copy of it. */
function isFound({ source }: ReindexSample, hits: readonly VectorHit[]): boolean {
  return hits[0]?.source === source || hits.some(({ score }) => score >= SAME);
}

function overlapOf(old: readonly VectorHit[], hits: readonly VectorHit[]): number {
  const names = new Set(hits.map(({ source, id }) => JSON.stringify([source, id])));
  return old.filter(({ source, id }) => names.has(JSON.stringify([source, id]))).length / old.length;
}
