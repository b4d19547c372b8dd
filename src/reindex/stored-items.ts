import type { Database } from '../database/database.js';
import type { Tx } from '../database/transaction.js';
import type { TenantScope } from '../kernel/tenant-scope.js';
import { tallyColumns, type Tally } from '../vectors/tally.js';

/** A thing whose vectors come and go together: a document, an image. */
export interface ReindexItem {
  tenantId: string;
  id: string;
  /** Of what is stored of it; its vectors carry the same. */
  generation: string;
}

/** Where a walk goes on: after this item. */
export type ReindexCursor = Pick<ReindexItem, 'tenantId' | 'id'>;

/** A table with one row per item, of which each run leaves another `generation`. In SQL; the row is `t`. */
export interface ItemTable {
  table: string;
  /** The column that names an item: text within a tenant, or a uuid of all tenants. Items are locked in its order. */
  id: string;
  type: 'text' | 'uuid';
  /** Whether there is anything to embed. */
  isDue: string;
  /** How many vectors that makes. */
  points: string;
}

/** Before every id. */
const FIRST = { text: '', uuid: '00000000-0000-0000-0000-000000000000' };

/** What is stored of a feature's items, for their vectors to be made anew. `null` as a scope: of every tenant. */
export class StoredItems {
  private readonly sql: ReturnType<typeof statements>;
  private readonly first: string;

  constructor(
    private readonly database: Database,
    table: ItemTable,
  ) {
    this.sql = statements(table);
    this.first = FIRST[table.type];
  }

  async count(scope: TenantScope | null): Promise<number> {
    const [row] = await this.database.query<{ items: number }>(this.sql.count, scope?.tenantId ?? null);
    return row?.items ?? 0;
  }

  /** The next items in order, of those that have anything to embed. */
  page(scope: TenantScope | null, after: ReindexCursor | null, limit: number): Promise<ReindexItem[]> {
    const last = after ? [after.tenantId, after.id] : ['', this.first];
    return this.database.query<ReindexItem>(this.sql.page, scope?.tenantId ?? null, last, limit);
  }

  /** Locks the items, in order, until the transaction ends. @returns those that are still of their generation */
  async hold(tx: Tx, items: readonly ReindexItem[]): Promise<ReindexItem[]> {
    const wanted = JSON.stringify(items.map(({ tenantId, id }) => ({ tenantId, id })));
    const held = await this.database.queryIn<ReindexItem>(tx, this.sql.hold, wanted);
    const names = new Set(held.map(nameOf));
    return items.filter((item) => names.has(nameOf(item)));
  }

  /** What all that is stored adds up to, of every tenant. */
  async tally(tx: Tx): Promise<Tally> {
    const [row] = await this.database.queryIn<Tally>(tx, this.sql.tally);
    return row ?? { sources: 0, points: 0, digest: '0' };
  }
}

function statements({ table, id, type, isDue, points }: ItemTable) {
  const item = `t.tenant_id AS "tenantId", t.${id}::text AS id, t.generation::text AS generation`;
  const due = `(${isDue}) AND ($1::text IS NULL OR t.tenant_id = $1)`;
  const order = type === 'uuid' ? `t.${id}` : `t.tenant_id, t.${id}`;
  const last = type === 'uuid' ? `($2::text[])[2]::uuid` : `(($2::text[])[1], ($2::text[])[2])`;
  const tallied = {
    tenant: 't.tenant_id',
    source: `t.${id}::text`,
    generation: 't.generation::text',
    points,
  };
  return {
    count: `SELECT count(*)::int AS items FROM ${table} t WHERE ${due}`,
    page: `SELECT ${item} FROM ${table} t WHERE ${due} AND (${order}) > ${last} ORDER BY ${order} LIMIT $3`,
    hold: `SELECT ${item} FROM ${table} t
      JOIN jsonb_to_recordset($1::jsonb) AS i ("tenantId" text, id ${type}) ON t.tenant_id = i."tenantId" AND t.${id} = i.id
      WHERE ${isDue} ORDER BY ${order} FOR NO KEY UPDATE OF t`,
    tally: `SELECT ${tallyColumns(tallied)} FROM ${table} t WHERE ${isDue}`,
  };
}

function nameOf({ tenantId, id, generation }: ReindexItem): string {
  return JSON.stringify([tenantId, id, generation]);
}
