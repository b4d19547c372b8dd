import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import type { Schemas } from '@qdrant/js-client-rest';
import type { ZodType } from 'zod';
import { cosine, fulfils, normalised, selected, type StoredPoint } from './fake-qdrant-points.js';
import {
  Count,
  CreateCollection,
  CreateIndex,
  DeletePoints,
  Query,
  Scroll,
  Upsert,
} from './fake-qdrant-requests.js';

interface Collection {
  size: number;
  distance: Schemas['Distance'];
  indexes: Record<string, Schemas['PayloadIndexInfo']>;
  points: Map<string | number, StoredPoint>;
  operations: number;
}

/** What happens to requests instead of, or after, being answered. */
export interface Trouble {
  /** Method and path; the first that fits is used. */
  on: RegExp;
  /** How many requests it meets; once without. */
  times?: number;
  /** How many go well before. */
  spares?: number;
  /** An error of the server, a cut connection, silence, or a lost answer to what was done. */
  does: 'fail' | 'cut' | 'hang' | 'lose_answer' | 'spare' | 'acknowledge';
}

class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/**
 * Stands for a Qdrant server: keeps real points, searches them exactly, and refuses every request that is not described
 * in its API (unknown members, wrong types, wrong dimensions, unknown collections) as the real one does.
 */
export class FakeQdrant {
  readonly collections = new Map<string, Collection>();
  /** Every request, as method and path. */
  readonly requests: string[] = [];
  readonly refused: string[] = [];
  private readonly troubles: Trouble[] = [];
  private readonly sockets = new Set<Socket>();
  private server: Server | null = null;
  private port = 0;

  constructor(private readonly apiKey?: string) {}

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async start(): Promise<this> {
    this.server = createServer((request, response) => void this.receive(request, response));
    this.server.on('connection', (socket) => {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
    });
    this.server.listen(this.port, '127.0.0.1');
    await once(this.server, 'listening');
    ({ port: this.port } = this.server.address() as AddressInfo);
    return this;
  }

  /** Its points stay: {@link start} opens the same port again. */
  async stop(): Promise<void> {
    const closed = this.server && once(this.server, 'close');
    this.server?.close();
    for (const socket of this.sockets) socket.destroy();
    await closed;
    this.server = null;
  }

  trouble(trouble: Trouble): void {
    this.troubles.push({ times: 1, ...trouble });
  }

  /** No trouble any more. */
  heal(): void {
    this.troubles.length = 0;
  }

  /** Of all collections. */
  get size(): number {
    return [...this.collections.values()].reduce((sum, { points }) => sum + points.size, 0);
  }

  private async receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', this.url);
    const name = `${request.method} ${pathname}`;
    this.requests.push(name);
    const body = await textOf(request);
    const trouble = this.nextTrouble(name);
    if (trouble === 'cut') return void request.socket.destroy();
    if (trouble === 'hang') return;
    if (trouble === 'fail')
      return send(response, 500, { status: { error: 'Service internal error' }, time: 0 });
    if (trouble === 'spare') {
      response.setHeader('retry-after', '7');
      return send(response, 429, { status: { error: 'Rate limiting exceeded' }, time: 0 });
    }
    try {
      if (this.apiKey !== undefined && request.headers['api-key'] !== this.apiKey)
        throw new Refusal(401, 'Must provide an API key or an Authorization bearer token');
      const isLate = trouble === 'acknowledge';
      const result = isLate
        ? { operation_id: 0, status: 'acknowledged' }
        : this.answer(name, searchParams, body);
      if (trouble === 'lose_answer') return void request.socket.destroy();
      send(response, 200, { result, status: 'ok', time: 0.001 });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (error.status === 400) this.refused.push(`${name}: ${error.message}`);
      send(response, error.status, { status: { error: error.message }, time: 0 });
    }
  }

  private nextTrouble(name: string): Trouble['does'] | undefined {
    const trouble = this.troubles.find(({ on, times = 0 }) => on.test(name) && times > 0);
    if (!trouble) return undefined;
    if (trouble.spares) {
      trouble.spares -= 1;
      return undefined;
    }
    trouble.times = (trouble.times ?? 0) - 1;
    return trouble.does;
  }

  private answer(name: string, query: URLSearchParams, body: string): unknown {
    const [, method = '', collection = '', rest = ''] =
      /^([A-Z]+) \/collections\/([^/]+)(\/.*)?$/.exec(name) ?? [];
    const call = `${method} ${rest}`.trim();
    const known = ['wait'];
    const unknown = [...query.keys()].filter((key) => !known.includes(key));
    if (unknown.length > 0) throw new Refusal(400, `unknown parameter ${unknown.join()}`);
    const id = decodeURIComponent(collection);
    if (call === 'PUT') return this.create(id, parse(CreateCollection, body));
    if (call === 'DELETE') return this.collections.delete(id);
    if (call === 'GET /exists')
      return { exists: this.collections.has(id) } satisfies Schemas['CollectionExistence'];
    const found = this.collections.get(id);
    if (!found) throw new Refusal(404, `Not found: Collection \`${id}\` doesn't exist!`);
    if (call === 'GET') return infoOf(found);
    if (call === 'PUT /index') return index(found, parse(CreateIndex, body));
    if (call === 'PUT /points') return upsert(found, parse(Upsert, body));
    if (call === 'POST /points/delete') return remove(found, parse(DeletePoints, body));
    if (call === 'POST /points/query') return search(found, parse(Query, body));
    if (call === 'POST /points/count') return count(found, parse(Count, body));
    if (call === 'POST /points/scroll') return scroll(found, parse(Scroll, body));
    throw new Refusal(404, 'no such route');
  }

  private create(name: string, { vectors }: Parsed<typeof CreateCollection>): boolean {
    if (/[<>:"/\\|?*\0]/.test(name) || name.length > 255)
      throw new Refusal(400, `bad collection name ${name}`);
    if (this.collections.has(name))
      throw new Refusal(409, `Wrong input: Collection \`${name}\` already exists!`);
    this.collections.set(name, { ...vectors, indexes: {}, points: new Map(), operations: 0 });
    return true;
  }
}

type Parsed<Schema> = Schema extends ZodType<infer Output> ? Output : never;

function index({ indexes, points }: Collection, { field_name, field_schema }: Parsed<typeof CreateIndex>) {
  const data_type = typeof field_schema === 'string' ? field_schema : field_schema.type;
  const params = typeof field_schema === 'string' ? null : field_schema;
  indexes[field_name] = { data_type, params, points: points.size };
  return { operation_id: 0, status: 'completed' } satisfies Schemas['UpdateResult'];
}

function upsert(collection: Collection, { points }: Parsed<typeof Upsert>) {
  for (const { vector } of points) checkSize(collection, vector);
  const version = ++collection.operations;
  for (const { id, vector, payload } of points)
    collection.points.set(id, { id, vector: normalised(vector), payload, version });
  return { operation_id: version, status: 'completed' } satisfies Schemas['UpdateResult'];
}

function remove(collection: Collection, selector: Parsed<typeof DeletePoints>) {
  const ids =
    'points' in selector
      ? selector.points
      : [...collection.points.values()]
          .filter((point) => fulfils(point, selector.filter))
          .map(({ id }) => id);
  for (const id of ids) collection.points.delete(id);
  return {
    operation_id: ++collection.operations,
    status: 'completed',
  } satisfies Schemas['UpdateResult'];
}

function search(collection: Collection, { query, filter, limit, with_payload }: Parsed<typeof Query>) {
  checkSize(collection, query);
  const unit = normalised(query);
  const scored = [...collection.points.values()]
    .filter((point) => fulfils(point, filter))
    .map((point) => ({ point, score: cosine(point.vector, unit) }));
  const points = scored
    .toSorted((a, b) => b.score - a.score)
    .slice(0, limit)
    .map(({ point, score }) => ({
      id: point.id,
      version: point.version,
      score,
      payload: selected(point, with_payload, false),
    }));
  return { points } satisfies Schemas['QueryResponse'];
}

function count(collection: Collection, { filter }: Parsed<typeof Count>) {
  const points = [...collection.points.values()].filter((point) => fulfils(point, filter));
  return { count: points.length } satisfies Schemas['CountResult'];
}

function scroll(collection: Collection, { limit, offset, filter, with_payload }: Parsed<typeof Scroll>) {
  const from = [...collection.points.values()]
    .filter((point) => fulfils(point, filter))
    .toSorted((a, b) => (a.id < b.id ? -1 : 1))
    .filter(({ id }) => offset === undefined || id >= offset);
  return {
    points: from
      .slice(0, limit)
      .map((point) => ({ id: point.id, payload: selected(point, with_payload, true) })),
    next_page_offset: from[limit]?.id ?? null,
  } satisfies Schemas['ScrollResult'];
}

function infoOf({ size, distance, indexes, points }: Collection) {
  return {
    status: 'green',
    optimizer_status: 'ok',
    points_count: points.size,
    segments_count: 1,
    config: {
      params: { vectors: { size, distance } },
      hnsw_config: { m: 0, payload_m: 16, ef_construct: 100, full_scan_threshold: 10_000 },
      optimizer_config: {
        deleted_threshold: 0.2,
        vacuum_min_vector_number: 1_000,
        default_segment_number: 0,
        flush_interval_sec: 5,
      },
    },
    payload_schema: indexes,
  } satisfies Schemas['CollectionInfo'];
}

function checkSize({ size }: Collection, vector: readonly number[]): void {
  if (vector.length !== size)
    throw new Refusal(
      400,
      `Wrong input: Vector dimension error: expected dim: ${size}, got ${vector.length}`,
    );
}

function parse<Output>(schema: ZodType<Output>, body: string): Output {
  const parsed = schema.safeParse(JSON.parse(body));
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new Refusal(400, `Format error in JSON body: ${faults.join('; ')}`);
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}
