import type { Schemas } from '@qdrant/js-client-rest';
import { z } from 'zod';

// What Qdrant's REST API of 1.18 takes, as far as we send it; whatever is not named here is refused, so that a request
// that the real server would not understand cannot pass unseen.

const PointId = z.union([z.int().min(0), z.uuid()]);
const Vector = z.array(z.number()).min(1);
const Keyword = z.string().max(65_535);

const Match = z.union([
  z.strictObject({ value: z.union([z.string(), z.int(), z.boolean()]) }),
  z.strictObject({ any: z.union([z.array(z.string()), z.array(z.int())]) }),
]);
const FieldCondition = z.strictObject({ key: z.string().min(1), match: Match });
const Filter = z.strictObject({
  must: z.array(FieldCondition).optional(),
  must_not: z.array(FieldCondition).optional(),
  should: z.array(FieldCondition).optional(),
});
export type Filter = z.output<typeof Filter>;
export type FieldCondition = z.output<typeof FieldCondition>;

const WithPayload = z.union([z.boolean(), z.array(z.string())]);

export const CreateCollection = z.strictObject({
  vectors: z.strictObject({
    size: z.int().min(1).max(65_536),
    distance: z.enum(['Cosine', 'Euclid', 'Dot', 'Manhattan']),
  }),
  hnsw_config: z
    .strictObject({
      m: z.int().min(0).optional(),
      payload_m: z.int().min(0).optional(),
      ef_construct: z.int().min(4).optional(),
    })
    .optional(),
  on_disk_payload: z.boolean().optional(),
});

export const CreateIndex = z.strictObject({
  field_name: z.string().min(1),
  field_schema: z.union([
    z.enum(['keyword', 'integer', 'float', 'geo', 'text', 'bool', 'datetime', 'uuid']),
    z.strictObject({ type: z.literal('keyword'), is_tenant: z.boolean().optional() }),
  ]),
});

export const Upsert = z.strictObject({
  points: z
    .array(
      z.strictObject({
        id: PointId,
        vector: Vector,
        payload: z.record(z.string(), z.union([Keyword, z.array(Keyword)])),
      }),
    )
    .min(1),
});

export const DeletePoints = z.union([
  z.strictObject({ points: z.array(PointId).min(1) }),
  z.strictObject({ filter: Filter }),
]);

export const Query = z.strictObject({
  query: Vector,
  filter: Filter.optional(),
  limit: z.int().min(1),
  params: z.strictObject({ hnsw_ef: z.int().min(1).optional(), exact: z.boolean().optional() }).optional(),
  with_payload: WithPayload.optional(),
});

export const Count = z.strictObject({ filter: Filter.optional(), exact: z.boolean().optional() });

export const Scroll = z.strictObject({
  limit: z.int().min(1),
  offset: PointId.optional(),
  filter: Filter.optional(),
  with_payload: WithPayload.optional(),
  with_vector: z.boolean().optional(),
});

/** Compiles only while what is accepted here is something that Qdrant's own description allows. */
export type Accepted = [
  Agrees<z.input<typeof CreateCollection>, Schemas['CreateCollection']>,
  Agrees<z.input<typeof CreateIndex>, Schemas['CreateFieldIndex']>,
  Agrees<z.input<typeof Upsert>, Schemas['PointsList']>,
  Agrees<z.input<typeof DeletePoints>, Schemas['PointsSelector']>,
  Agrees<z.input<typeof Query>, Schemas['QueryRequest']>,
  Agrees<z.input<typeof Count>, Schemas['CountRequest']>,
  Agrees<z.input<typeof Scroll>, Schemas['ScrollRequest']>,
];
type Agrees<Ours extends Theirs, Theirs> = Ours;
