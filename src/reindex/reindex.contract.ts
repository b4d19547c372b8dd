import { z } from 'zod';

export const ReindexPayload = z
  .strictObject({
    /** Every tenant's; otherwise one's own. The alias is switched once nobody's are missing. */
    all_tenants: z.boolean().default(false),
    /** Back to the collection that served before; then what was stored since is brought into it. */
    rollback: z.boolean().default(false),
  })
  .meta({ id: 'ReindexPayload', examples: [{ all_tenants: true }] });
export type ReindexPayload = z.output<typeof ReindexPayload>;

export const ReindexResult = z.object({
  alias: z.string(),
  /** The collection that was filled. */
  collection: z.string(),
  model: z.string(),
  backend: z.string(),
  /** The one that served before, kept for a while; `null`: none did, or it still does. */
  retired: z.string().nullable(),
  switched: z.boolean(),
  /** Why not. */
  reason: z.string().nullable(),
  /** What the collection holds. */
  sources: z.int(),
  points: z.int(),
  /** Sources that this run computed vectors for; the others were there already. */
  embedded: z.int(),
  /** Questions that were asked of both collections. */
  samples: z.int(),
  /** Share of each question's ten best hits that both agree on; `null`: the old one could not be asked. */
  overlap_at_10: z.number().nullable(),
  /** Share of the samples that the new one finds again; `null` without samples. */
  found_again: z.number().nullable(),
});
export type ReindexResult = z.output<typeof ReindexResult>;
