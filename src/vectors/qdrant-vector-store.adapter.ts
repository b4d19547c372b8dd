import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { Schemas } from '@qdrant/js-client-rest';
import { Database } from '../database/database.js';
import type { Tx } from '../database/transaction.js';
import { Fault } from '../kernel/fault.js';
import type { Json } from '../kernel/json.js';
import type { TenantScope } from '../kernel/tenant-scope.js';
import { ignoring } from '../telemetry/ignoring.js';
import { termsOf } from './payload-terms.js';
import { pointId } from './point-id.js';
import { findCollection, prepareCollection, type PointPayload } from './qdrant-collection.adapter.js';
import type { QdrantServer } from './qdrant-server.adapter.js';
import { unitVector } from './unit-vector.js';
import type { VectorBackend } from './vector-backend.js';
import { VectorCollections } from './vector-collections.js';
import { VectorSources, type SourceWrite } from './vector-sources.js';
import { vectorsWritten } from './vector-telemetry.js';
import {
  VectorStore,
  type CollectionSpec,
  type SourceKey,
  type SourceVectors,
  type VectorFilter,
  type VectorHit,
  type VectorQuery,
} from './vector-store.js';

/** Points per request: 2 MB of JSON for 512 numbers each. */
const UPSERT_POINTS = 128;
/** Hits asked for beyond the limit: some may be of a generation that no longer counts. */
const SPARE_HITS = 16;
const MAX_HITS = 16_384;
/** A search that has met more generations that no longer count gives what it has. */
const MAX_OUTDATED = 5_000;
/** How long outdated points stay, for searches that began before they were; longer than a search takes. */
const GRACE_MS = 30_000;
/** How long one source may take to write: its transaction holds locks meanwhile. */
const WRITE_MS = 20_000;
const TALK_MS = 1_000;
/** Width of the search in a graph: the wider, the nearer to exact. */
const MIN_BEAM = 128;

type Condition = Schemas['FieldCondition'];

interface Look {
  scope: TenantScope;
  collection: string;
  vector: number[];
  filter: VectorFilter | undefined;
  /** Hits to ask for. */
  fetch: number;
  /** Generations that are known not to count. */
  outdated: ReadonlySet<string>;
}

interface Found {
  id: string;
  source: string;
  generation: string;
  written_by: string;
  score: number;
  payload: string;
}

/**
 * Vectors in Qdrant. It cannot join a transaction: points are written before the commit under their generation, a search
 * keeps only those whose generation is current in Postgres, and outdated ones are deleted a while after the commit or by
 * {@link QdrantLeftoversSweep}. A transaction that fails leaves nothing that a search would show.
 */
@Injectable()
export class QdrantVectorStore extends VectorStore implements OnApplicationShutdown {
  override readonly backend = 'qdrant';
  private readonly collections: VectorCollections;
  private readonly sources: VectorSources;
  /** Dimensions of the collections that are known to be there; no name is used twice. */
  private readonly prepared = new Map<string, Promise<number>>();
  private readonly removals = new Set<NodeJS.Timeout>();

  constructor(
    private readonly database: Database,
    private readonly server: QdrantServer,
    private readonly graceMs = GRACE_MS,
  ) {
    super();
    this.collections = new VectorCollections(database);
    this.sources = new VectorSources(database);
  }

  override readonly health = () => this.server.health();

  override async ensureCollection(spec: CollectionSpec): Promise<string> {
    const { name } = await this.collections.ensure(spec, 'qdrant');
    await this.prepare(name);
    return name;
  }

  override async addCollection(spec: CollectionSpec): Promise<string> {
    const { name } = await this.collections.add(spec, 'qdrant');
    await this.prepare(name);
    return name;
  }

  override async replace(tx: Tx, { generation, points, ...key }: SourceVectors): Promise<void> {
    const dimension = await this.staying(tx, this.prepare(key.collection, tx));
    const units = points.map(({ vector }) => unitVector(vector, dimension));
    const outdated = await this.sources.current(tx, key);
    const written_by = await this.sources.write(tx, key, generation, points.length);
    const shared = { tenant_id: key.tenantId, source: key.source, generation, written_by };
    const structs = points.map(({ id, payload }, at) => ({
      id: pointId({ ...key, id, generation }),
      vector: Array.from(units[at]),
      payload: {
        ...shared,
        point: id,
        terms: termsOf(payload),
        payload: JSON.stringify(payload),
      } satisfies PointPayload,
    }));
    await this.staying(tx, this.upsert(key.collection, structs));
    if (outdated !== null && outdated !== generation) this.removeAfterCommit(key, outdated);
  }

  override async delete(tx: Tx, key: SourceKey): Promise<void> {
    const outdated = await this.sources.current(tx, key);
    await this.sources.clear(tx, key);
    if (outdated !== null) this.removeAfterCommit(key, outdated);
  }

  override async search(scope: TenantScope, query: VectorQuery): Promise<VectorHit[]> {
    const { collection, limit, filter } = query;
    const dimension = await this.prepare(collection);
    const vector = Array.from(unitVector(query.vector, dimension));
    if (limit <= 0 || isEmpty(filter?.source)) return [];
    const outdated = new Set<string>();
    for (let fetch = limit + SPARE_HITS; ; fetch = Math.min(fetch * 2, MAX_HITS)) {
      const answer = await this.wholeHits({ scope, collection, vector, filter, fetch, outdated });
      if (answer.isAll || answer.hits.length >= limit || outdated.size > MAX_OUTDATED)
        return answer.hits.slice(0, limit).map(toHit);
      for (const generation of await this.leftoversOf(scope, collection, answer.others))
        outdated.add(generation);
    }
  }

  override count(scope: TenantScope, where: { collection: string; source?: string }): Promise<number> {
    return this.sources.count(scope, where);
  }

  override reaches(backend: VectorBackend): boolean {
    return backend === this.backend;
  }

  override async stored(collection: string): Promise<number> {
    const request = { exact: true } satisfies Schemas['CountRequest'];
    const { count } = await this.server.ask('count', (client) => client.count(collection, request));
    return count;
  }

  override async clear(collection: string): Promise<void> {
    this.prepared.delete(collection);
    await this.server.find('drop_collection', (client) => client.deleteCollection(collection));
    await this.sources.forget(collection);
  }

  /** What is still to be removed is left to the sweep of another process. */
  async onApplicationShutdown(): Promise<void> {
    for (const timer of this.removals) clearTimeout(timer);
    this.removals.clear();
  }

  /** Of a source that is written while it is looked up, either all of its old points are found or all of its new ones. */
  private async wholeHits(look: Look): Promise<{ hits: Found[]; others: Found[]; isAll: boolean }> {
    const { scope, collection, fetch } = look;
    const seen = await this.sources.snapshot();
    const found = await this.query(look);
    const names = [...new Set(found.map(({ source }) => source))];
    const states = await this.sources.states(scope, collection, names, seen);
    const hits = found.filter(({ source, generation }) => {
      const state = states.get(source);
      return state !== undefined && !state.changed && state.generation === generation;
    });
    const changed = names.filter((name) => states.get(name)?.changed);
    if (changed.length > 0) hits.push(...(await this.hitsOf(look, changed)));
    const current = new Set(hits.map(({ generation }) => generation));
    return {
      hits: hits.toSorted((a, b) => b.score - a.score),
      others: found.filter(({ generation }) => !current.has(generation)),
      isAll: found.length < fetch,
    };
  }

  /** Points stay for a while after they were replaced: what is current now is whole when Qdrant is asked for it. */
  private async hitsOf(look: Look, sources: readonly string[]): Promise<Found[]> {
    const generations = await this.sources.generations(look.scope, look.collection, sources);
    if (generations.size === 0) return [];
    const filter = { ...look.filter, source: [...generations.keys()] };
    return this.query({ ...look, filter }, [anyOf('generation', [...generations.values()])]);
  }

  /** Of what is not current the generations that never will be: those being written may be current a moment later. */
  private async leftoversOf(
    { tenantId }: TenantScope,
    collection: string,
    found: readonly Found[],
  ): Promise<string[]> {
    const writes = found.map(({ source, generation, written_by }) => [
      generation,
      { tenant_id: tenantId, source, generation, written_by },
    ]);
    const distinct = Object.values(Object.fromEntries(writes) as Record<string, SourceWrite>);
    return (await this.sources.leftovers(collection, distinct)).map(({ generation }) => generation);
  }

  private async query(look: Look, more: readonly Condition[] = []): Promise<Found[]> {
    const request = {
      query: look.vector,
      filter: {
        must: [...conditionsOf(look.scope, look.filter), ...more],
        ...(look.outdated.size > 0 ? { must_not: [anyOf('generation', [...look.outdated])] } : {}),
      },
      limit: look.fetch,
      params: { hnsw_ef: Math.max(MIN_BEAM, look.fetch) },
      with_payload: ['source', 'point', 'generation', 'written_by', 'payload'],
    } satisfies Schemas['QueryRequest'];
    const { points } = await this.server.ask('query', (client) => client.query(look.collection, request));
    return points.map(({ score, payload }) => {
      const { point, source, generation, written_by, payload: carried } = payload as PointPayload;
      return { id: point, source, generation, written_by, score, payload: carried };
    });
  }

  private async upsert(collection: string, points: readonly Schemas['PointStruct'][]): Promise<void> {
    const untilMs = performance.now() + WRITE_MS;
    for (let at = 0; at < points.length; at += UPSERT_POINTS) {
      if (performance.now() > untilMs)
        throw new Fault('vectors.unavailable', 'Qdrant takes too long to write.');
      const request = { points: points.slice(at, at + UPSERT_POINTS) } satisfies Schemas['PointsList'];
      await this.server.ask('upsert', async (client) =>
        applied(await client.upsert(collection, { wait: true, ...request })),
      );
      vectorsWritten.publish({ backend: 'qdrant', points: request.points.length });
    }
  }

  /** Postgres hangs up on a transaction that says nothing for 5 s: while Qdrant works, this one goes on talking. */
  private async staying<T>(tx: Tx, work: Promise<T>): Promise<T> {
    const settled = work.then(
      () => true,
      () => true,
    );
    while (!(await Promise.race([settled, after(TALK_MS)]))) await this.database.queryIn(tx, 'SELECT 1');
    return work;
  }

  private removeAfterCommit(key: SourceKey, generation: string): void {
    this.database.afterCommit(() => {
      const timer = setTimeout(() => {
        this.removals.delete(timer);
        void ignoring(this.remove(key, generation), 'outdated vectors stay until the sweep meets them');
      }, this.graceMs).unref();
      this.removals.add(timer);
    });
  }

  private async remove({ collection, tenantId, source }: SourceKey, generation: string): Promise<void> {
    const must = [equals('tenant_id', tenantId), equals('source', source), equals('generation', generation)];
    await this.server.ask('delete', async (client) =>
      applied(await client.delete(collection, { wait: true, filter: { must } })),
    );
  }

  /** @returns the collection's dimension, once it is there @throws Fault `vectors.collection_lost` */
  private prepare(name: string, tx?: Tx): Promise<number> {
    const known = this.prepared.get(name);
    if (known) return known;
    const preparing = this.makeReady(name, tx);
    this.prepared.set(name, preparing);
    preparing.catch(() => this.prepared.delete(name));
    return preparing;
  }

  /** A collection that holds something by Postgres' account is not made anew: that would hide the loss. */
  private async makeReady(name: string, tx?: Tx): Promise<number> {
    const { dimension } = await this.collections.find(name, tx);
    const isUsed = await this.sources.holdsAny(name, tx);
    if (isUsed && (await findCollection(this.server, name)) === null)
      throw new Fault(
        'vectors.collection_lost',
        `Qdrant has lost the collection ${name}; fill a new one: \`intake rebuild-vectors\`.`,
      );
    await prepareCollection(this.server, name, dimension);
    return dimension;
  }
}

function after(ms: number): Promise<false> {
  return new Promise((resolve) => setTimeout(() => resolve(false), ms).unref());
}

/** An operation that Qdrant has only taken note of may be applied after our commit: that is too late. */
function applied({ status }: Schemas['UpdateResult']): void {
  if (status !== 'completed') throw new Error(`Qdrant answered ${status}`);
}

function conditionsOf({ tenantId }: TenantScope, filter: VectorFilter = {}): Condition[] {
  const { source, payload } = filter;
  const bySource: Condition[] =
    source === undefined
      ? []
      : [typeof source === 'string' ? equals('source', source) : anyOf('source', source)];
  return [
    equals('tenant_id', tenantId),
    ...bySource,
    ...termsOf(payload ?? {}).map((term) => equals('terms', term)),
  ];
}

function equals(key: keyof PointPayload, value: string): Condition {
  return { key, match: { value } };
}

function anyOf(key: keyof PointPayload, values: readonly string[]): Condition {
  return { key, match: { any: [...values] } };
}

function isEmpty(source: VectorFilter['source']): boolean {
  return Array.isArray(source) && source.length === 0;
}

function toHit({ id, source, score, payload }: Found): VectorHit {
  return { id, source, score, payload: JSON.parse(payload) as Record<string, Json> };
}
