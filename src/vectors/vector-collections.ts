import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Tx } from '../database/transaction.js';
import { Fault } from '../kernel/fault.js';
import type { VectorBackend } from './vector-backend.js';
import type { CollectionSpec } from './vector-store.js';
import {
  BEGIN_DROP,
  COLLECTIONS_OF,
  END_DROP,
  FIND_COLLECTION,
  GIVE_UP_FILLING,
  HOLD_ALIAS,
  INSERT_COLLECTION,
  LOCK_ALIAS,
  MATCHING_COLLECTION,
  OUTLIVED_COLLECTIONS,
  RETIRE_FILLING,
  RETIRE_SERVING,
  SERVE,
} from './vectors.sql.js';

export interface VectorCollection {
  /** Never used twice. */
  name: string;
  alias: string;
  model: string;
  dimension: number;
  backend: VectorBackend;
  /** Exactly one of an alias serves; at most one is being filled, to serve one day. */
  state: 'serving' | 'filling' | 'retired' | 'dropping';
  createdAt: Date;
  /** When it last began to serve; `null`: it never did. */
  servedAt: Date | null;
  retiredAt: Date | null;
}

const MAX_MODEL = 120;

/** Which collections a purpose (its alias) has, and which of them serves. Always in Postgres, wherever the vectors lie. */
@Injectable()
export class VectorCollections {
  constructor(private readonly database: Database) {}

  /** @throws Fault `vectors.collection_unknown` */
  async find(name: string, tx?: Tx): Promise<VectorCollection> {
    const [row] = await (tx
      ? this.database.queryIn<VectorCollection>(tx, FIND_COLLECTION, name)
      : this.database.query<VectorCollection>(FIND_COLLECTION, name));
    if (!row) throw new Fault('vectors.collection_unknown', `There is no vector collection ${name}`);
    return row;
  }

  /** Newest first. */
  of(alias: string): Promise<VectorCollection[]> {
    return this.database.query<VectorCollection>(COLLECTIONS_OF, alias);
  }

  /** @throws Fault `vectors.collection_unknown` when the alias has none yet */
  async serving(alias: string): Promise<VectorCollection> {
    const serving = (await this.of(alias)).find(({ state }) => state === 'serving');
    if (!serving) throw new Fault('vectors.collection_unknown', `No vector collection serves ${alias}`);
    return serving;
  }

  /** The same as {@link of}, and nobody adds, switches or drops one before the transaction ends. Writers come through here. */
  async hold(tx: Tx, alias: string): Promise<VectorCollection[]> {
    await this.database.queryIn(tx, HOLD_ALIAS, alias);
    return this.database.queryIn<VectorCollection>(tx, COLLECTIONS_OF, alias);
  }

  /** The collection with this purpose, model and dimension; made if there is none. */
  async ensure(spec: CollectionSpec, backend: VectorBackend): Promise<VectorCollection> {
    const { alias, model, dimension } = spec;
    const wanted = [alias, model, dimension, backend];
    const [known] = await this.database.query<VectorCollection>(MATCHING_COLLECTION, ...wanted);
    if (known) return known;
    return this.database.transaction(async (tx) => {
      await this.database.queryIn(tx, LOCK_ALIAS, alias);
      const [made] = await this.database.queryIn<VectorCollection>(tx, MATCHING_COLLECTION, ...wanted);
      return made ?? this.insert(tx, spec, backend);
    });
  }

  /** A new one: the first of its alias serves, any other is filled in place of the one that was being filled. */
  add(spec: CollectionSpec, backend: VectorBackend): Promise<VectorCollection> {
    return this.database.transaction(async (tx) => {
      await this.database.queryIn(tx, LOCK_ALIAS, spec.alias);
      return this.insert(tx, spec, backend);
    });
  }

  /**
   * Makes it the one that serves when the transaction commits, and retires the one that did. Waits for writers that
   * {@link hold} the alias; what the transaction reads from here on, no writer changes.
   * @returns the name of the one that did
   * @throws Fault `vectors.collection_unknown` when it was dropped
   */
  async serve(tx: Tx, { alias, name }: Pick<VectorCollection, 'alias' | 'name'>): Promise<string | null> {
    await this.database.queryIn(tx, LOCK_ALIAS, alias);
    const [retired] = await this.database.queryIn<{ name: string }>(tx, RETIRE_SERVING, alias, name);
    if ((await this.database.executeIn(tx, SERVE, name)) === 0)
      throw new Fault('vectors.collection_unknown', `The vector collection ${name} was dropped`);
    return retired?.name ?? null;
  }

  /** Nothing is written any more to one that was being filled. */
  async giveUp(tx: Tx, { alias, name }: Pick<VectorCollection, 'alias' | 'name'>): Promise<void> {
    await this.database.queryIn(tx, LOCK_ALIAS, alias);
    await this.database.executeIn(tx, RETIRE_FILLING, name);
  }

  /** No writer knows it any more; what it holds can go. @returns whether it does not serve */
  beginDrop({ alias, name }: Pick<VectorCollection, 'alias' | 'name'>): Promise<boolean> {
    return this.database.transaction(async (tx) => {
      await this.database.queryIn(tx, LOCK_ALIAS, alias);
      return (await this.database.executeIn(tx, BEGIN_DROP, name)) > 0;
    });
  }

  async endDrop(name: string): Promise<void> {
    await this.database.transaction((tx) => this.database.executeIn(tx, END_DROP, name));
  }

  /** Those that retired longer ago, or that a process has not finished dropping. */
  async outlived(days: number): Promise<string[]> {
    const rows = await this.database.query<{ name: string }>(OUTLIVED_COLLECTIONS, days);
    return rows.map(({ name }) => name);
  }

  private async insert(tx: Tx, spec: CollectionSpec, backend: VectorBackend): Promise<VectorCollection> {
    const { alias, model, dimension } = spec;
    await this.database.executeIn(tx, GIVE_UP_FILLING, alias);
    const values = [newName(spec), alias, model, dimension, backend];
    const [made] = await this.database.queryIn<VectorCollection>(tx, INSERT_COLLECTION, ...values);
    if (!made) throw new Error('an INSERT answered nothing');
    return made;
  }
}

/** Says what the vectors are for and of which model; the end tells it from others like it, in other deployments too. */
function newName({ alias, model, dimension }: CollectionSpec): string {
  const plain = model.replace(/[^A-Za-z0-9._-]+/g, '_').slice(0, MAX_MODEL);
  return `${alias}-${plain}-${dimension}-${randomBytes(4).toString('hex')}`;
}
