import { PostgresConnection, runMigrations, type Queue } from 'bullmq';
import { HeardClient, heard } from '../database/heard-client.js';
import { BullTransport, type BullSurroundings } from './bull-transport.js';
import type { Presence, TransportMemory } from './transport.js';

/** Beside these, one connection per process listens. */
const POOL_SIZE = 4;
/** SQLSTATEs of a schema that somebody dropped under us. */
const SCHEMA_GONE = /^(3F000|42P01|42883)$/;

type Listener = Awaited<ReturnType<PostgresConnection['getListenClient']>>;

const KNOWN = `
  SELECT id, CASE state WHEN 'active' THEN 'active' ELSE 'waiting' END AS presence
    FROM job WHERE queue = $1 AND id = ANY($2) AND state NOT IN ('completed', 'failed')`;

const MEMORY = `
  SELECT (SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class c
           WHERE c.relnamespace = $1::regnamespace AND c.relkind = 'r') AS bytes,
         (SELECT count(*) FROM job) AS keys`;

/**
 * One pool and one LISTEN connection for all queues and lanes of a process, where BullMQ would open both for each.
 * BullMQ remembers a failed first connection for ever; this one tries again, and brings the schema along.
 */
export class SharedPostgres extends PostgresConnection {
  private prepared?: Promise<void>;
  private listener?: Listener;

  constructor(connectionString: string, schema: string) {
    super({
      connectionString,
      schema,
      max: POOL_SIZE,
      connectionTimeoutMillis: 2_000,
      query_timeout: 10_000,
      keepAlive: true,
      keepAliveInitialDelayMillis: 10_000,
      application_name: 'intake transport',
      // A hint may be lost: what a crash takes with it the reconciler sends again.
      options: '-c synchronous_commit=off',
    });
    this.setMaxListeners(0);
    this.pool.on('connect', heard);
    // BullMQ makes its listener of this, and listens for its errors a moment after it was welcomed.
    Object.assign(this, { pgModule: { Client: HeardClient } });
  }

  override waitUntilReady(): Promise<void> {
    if (!this.prepared) {
      this.prepared = this.prepare();
      // Whoever waits hears why.
      this.prepared.catch(() => this.forget());
    }
    return this.prepared;
  }

  /** The next use looks for the schema again. */
  forget(): void {
    this.prepared = undefined;
  }

  override async getListenClient(): Promise<Listener> {
    const client = await super.getListenClient();
    if (client !== this.listener) share(client);
    this.listener = client;
    return client;
  }

  /** What BullMQ calls when a queue or a worker closes: the others go on. */
  override async close(): Promise<void> {}

  end(): Promise<void> {
    return super.close();
  }

  /** Under BullMQ's own advisory lock: of many starters one migrates, the others find it done. */
  private async prepare(): Promise<void> {
    const client = await this.pool.connect();
    try {
      await runMigrations(client, this.schema);
    } finally {
      client.release();
    }
  }
}

/** Every lane subscribes and listens on this one client: their queries take turns, as pg demands. */
function share(client: Listener): void {
  (client as unknown as NodeJS.EventEmitter).setMaxListeners(0);
  const query: Listener['query'] = client.query.bind(client);
  let last: Promise<unknown> = Promise.resolve();
  client.query = <Row>(text: string, parameters?: readonly unknown[]) => {
    const answer = last.then(() => query<Row>(text, parameters));
    // Whoever asked hears of a failure; the next in the row only waits for its end.
    last = answer.catch(() => {});
    return answer;
  };
}

/**
 * Never the bare queue name: Postgres looks into a schema that is called like its user before any other, so a schema
 * `intake` would swallow the tables of every user `intake`.
 */
export function schemaOf(queueName: string): string {
  return `${queueName.replaceAll('-', '_')}_transport`;
}

/** BullMQ on the Postgres that Intake has anyway: nothing else to run, slower than Redis. */
export class PostgresTransport extends BullTransport {
  readonly connection: SharedPostgres;

  constructor(surroundings: BullSurroundings) {
    super(surroundings);
    const { databaseDirectUrl, queueName } = surroundings.config;
    this.connection = new SharedPostgres(databaseDirectUrl, schemaOf(queueName));
    this.connection.on('error', (error: Error) => this.errors.note(error));
  }

  protected ready(): Promise<void> {
    return this.connection.waitUntilReady();
  }

  protected async presence({ name }: Queue, keys: readonly string[]): Promise<[string, Presence][]> {
    const { rows } = await this.query<{ id: string; presence: Presence }>(KNOWN, name, keys);
    const found = new Map(rows.map(({ id, presence }) => [id, presence]));
    return keys.map((key) => [key, found.get(key) ?? 'unknown']);
  }

  protected async readMemory(): Promise<TransportMemory> {
    const { rows } = await this.query<{ bytes: string; keys: string }>(MEMORY, this.connection.schema);
    return { kind: 'postgres', memoryBytes: Number(rows[0]?.bytes), keys: Number(rows[0]?.keys) };
  }

  protected ping(): Promise<unknown> {
    return this.query('SELECT 1 FROM meta LIMIT 1');
  }

  protected override onFailure(error: unknown): void {
    if (SCHEMA_GONE.test(String((error as { code?: unknown }).code))) this.connection.forget();
  }

  protected disconnect(): Promise<void> {
    return this.connection.end();
  }

  /** BullMQ's tables are on the pool's search path. */
  private query<Row>(sql: string, ...parameters: unknown[]) {
    return this.connection.pool.query<Row>(sql, parameters);
  }
}
