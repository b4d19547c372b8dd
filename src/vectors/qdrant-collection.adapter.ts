import type { Schemas } from '@qdrant/js-client-rest';
import { Fault } from '../kernel/fault.js';
import type { QdrantServer } from './qdrant-server.adapter.js';

/** What a point says beside its vector. */
export type PointPayload = {
  tenant_id: string;
  source: string;
  /** The point's name within its source. */
  point: string;
  generation: string;
  /** Id of the transaction that wrote it: once that has ended, a generation that is not current is a leftover. */
  written_by: string;
  /** What a filter may ask for, see {@link termsOf}. */
  terms: string[];
  /** What a hit carries, as JSON text: it comes back exactly as it was. */
  payload: string;
};

/** What filters ask for. With `is_tenant` a tenant's points lie together. */
const INDEXES: Record<
  'tenant_id' | 'source' | 'generation' | 'written_by' | 'terms',
  Schemas['PayloadFieldSchema']
> = {
  tenant_id: { type: 'keyword', is_tenant: true } satisfies Schemas['KeywordIndexParams'],
  source: 'keyword',
  generation: 'keyword',
  written_by: 'keyword',
  terms: 'keyword',
};

/** Every search is one tenant's: graphs are built per tenant (`payload_m`), none over all of them (`m`). */
const GRAPH = { m: 0, payload_m: 16 } satisfies Schemas['HnswConfigDiff'];

/**
 * Makes sure that the collection is there with all its indexes.
 * @throws Fault `vectors.dimension_mismatch` when one of this name has other vectors, `vectors.unavailable`
 */
export async function prepareCollection(
  server: QdrantServer,
  name: string,
  dimension: number,
): Promise<void> {
  const info = (await findCollection(server, name)) ?? (await create(server, name, dimension));
  refuseOthers(name, info, dimension);
  const missing = Object.entries(INDEXES).filter(([field]) => !(field in info.payload_schema));
  for (const [field_name, field_schema] of missing) {
    await server.ask('create_index', (client) =>
      client.createPayloadIndex(name, { wait: true, field_name, field_schema }),
    );
  }
}

export function findCollection(
  server: QdrantServer,
  name: string,
): Promise<Schemas['CollectionInfo'] | null> {
  return server.find('get_collection', (client) => client.getCollection(name));
}

/** Somebody else may have been faster, or the answer to an earlier try got lost: what counts is that it is there. */
async function create(
  server: QdrantServer,
  name: string,
  dimension: number,
): Promise<Schemas['CollectionInfo']> {
  const request = {
    vectors: { size: dimension, distance: 'Cosine' },
    hnsw_config: GRAPH,
    on_disk_payload: true,
  } satisfies Schemas['CreateCollection'];
  const made = server.ask('create_collection', (client) => client.createCollection(name, request));
  const failure = await made.then(
    () => null,
    (error: unknown) => error,
  );
  const info = await findCollection(server, name);
  if (info) return info;
  throw failure ?? new Fault('vectors.unavailable', 'Qdrant did not keep a collection that it had made.');
}

function refuseOthers(name: string, { config }: Schemas['CollectionInfo'], dimension: number): void {
  const { vectors } = config.params;
  if (vectors?.size === dimension && vectors.distance === 'Cosine') return;
  const found = `${JSON.stringify(vectors?.size ?? 'named')} ${JSON.stringify(vectors?.distance ?? 'vectors')}`;
  throw new Fault(
    'vectors.dimension_mismatch',
    `Qdrant's collection ${name} is of another kind (${found}, not ${dimension} "Cosine"); remove it there`,
  );
}
