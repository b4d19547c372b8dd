import { Injectable, Logger } from '@nestjs/common';
import type { Tx } from '../database/transaction.js';
import { VectorCollections, type VectorCollection } from './vector-collections.js';
import { VectorStore, type CollectionSpec, type VectorPoint } from './vector-store.js';

/** What a process can compute vectors with. */
export interface Models {
  /** What the configuration asks for. */
  readonly current: { readonly model: string; readonly dimension: number };
  /** Whether vectors of this model can be computed here. */
  has(model: string): boolean;
}

/** What has to be computed for a source that is written now. */
export interface WritePlan {
  /** Vectors are due for each of these. */
  targets: VectorCollection[];
  /** All that stood open when the plan was made, also those for which nothing can be computed here. */
  seen: ReadonlySet<string>;
}

export interface AliasSource {
  alias: string;
  tenantId: string;
  source: string;
}

/**
 * One purpose whose collections come and go: what is written goes to the collection that serves and to the one that is
 * being filled, what is searched is the one that serves.
 */
@Injectable()
export class AliasVectors {
  private readonly logger = new Logger('Vectors');
  private readonly warned = new Set<string>();

  constructor(
    private readonly store: VectorStore,
    private readonly collections: VectorCollections,
  ) {}

  /** The one that serves; made for the model in use when the purpose has none yet. */
  async serving(alias: string, { current }: Models): Promise<VectorCollection> {
    const known = (await this.collections.of(alias)).find(({ state }) => state === 'serving');
    if (!known) await this.store.ensureCollection({ alias, ...plain(current) });
    const serving = known ?? (await this.collections.serving(alias));
    this.warn(alias, serving, current);
    return serving;
  }

  /** A model that is new here gets a collection, which begins to fill; so does one whose vectors lie out of reach. */
  async plan(alias: string, models: Models): Promise<WritePlan> {
    const spec = { alias, ...plain(models.current) };
    const plan = this.planOf(alias, await this.withOneFor(spec), models);
    if (plan.targets.length > 0) return plan;
    await this.store.addCollection(spec);
    return this.planOf(alias, await this.collections.of(alias), models);
  }

  /**
   * Puts a source's vectors into every collection that they were made for, and takes the old ones out of all others:
   * nobody finds what is no longer true.
   * @param points by collection
   * @returns `false`, and writes nothing, when another collection began to serve since the plan was made: make a new one
   */
  async replace(
    tx: Tx,
    { alias, ...key }: AliasSource & { generation: string },
    { seen }: WritePlan,
    points: ReadonlyMap<string, readonly VectorPoint[]>,
  ): Promise<boolean> {
    const collections = await this.collections.hold(tx, alias);
    if (collections.some(({ name, state }) => state === 'serving' && !seen.has(name))) return false;
    for (const { name: collection } of collections.toSorted(byName)) {
      const own = points.get(collection);
      await (own
        ? this.store.replace(tx, { ...key, collection, points: own })
        : this.store.delete(tx, { ...key, collection }));
    }
    return true;
  }

  /** Out of every collection, so that no switch brings it back. */
  async delete(tx: Tx, { alias, ...key }: AliasSource): Promise<void> {
    const collections = await this.collections.hold(tx, alias);
    for (const { name: collection } of collections.toSorted(byName))
      await this.store.delete(tx, { ...key, collection });
  }

  /** All of the alias; makes one for the model if none is there, which is rare enough to look twice then. */
  private async withOneFor(spec: CollectionSpec): Promise<VectorCollection[]> {
    const { alias, model, dimension } = spec;
    const known = await this.collections.of(alias);
    const fits = (each: VectorCollection) =>
      each.model === model && each.dimension === dimension && each.backend === this.store.backend;
    if (known.some(fits)) return known;
    await this.store.ensureCollection(spec);
    return this.collections.of(alias);
  }

  private planOf(alias: string, known: readonly VectorCollection[], models: Models): WritePlan {
    const open = known.filter(isOpen);
    const serving = open.find(({ state }) => state === 'serving');
    if (serving) this.warn(alias, serving, models.current);
    return {
      targets: open.filter(({ model, backend }) => models.has(model) && this.store.reaches(backend)),
      seen: new Set(open.map(({ name }) => name)),
    };
  }

  /** Once for each that serves: in every process that searches or writes. */
  private warn(alias: string, serving: VectorCollection, { model }: Models['current']): void {
    if (serving.model === model || this.warned.has(serving.name)) return;
    this.warned.add(serving.name);
    this.logger.warn(
      `${alias} are searched by ${serving.model}, but ${model} is configured: run \`intake rebuild-vectors ${alias}\``,
    );
  }
}

function isOpen({ state }: VectorCollection): boolean {
  return state === 'serving' || state === 'filling';
}

function plain({ model, dimension }: Models['current']): { model: string; dimension: number } {
  return { model, dimension };
}

/** Writers of several collections lock them in one order. */
function byName(a: VectorCollection, b: VectorCollection): number {
  return a.name < b.name ? -1 : 1;
}
