import { z } from 'zod';
import { ClientId } from '../tasks/tasks.contract.js';
import { ImageId, MAIN_IMAGE } from './images.contract.js';

/** An image by its names; the id of a product alone means its `main` image. */
const NamedImage = z.union([
  z.strictObject({ product_id: ClientId, image_id: ImageId.default(MAIN_IMAGE) }),
  ClientId.transform((product_id) => ({ product_id, image_id: MAIN_IMAGE })),
]);
export type NamedImage = z.output<typeof NamedImage>;

const MEMBER = { product_id: z.string(), image_id: z.string() };

export const DuplicateGroup = z
  .object({
    /** The same as long as its oldest image is. */
    group_id: z.uuid(),
    size: z.int(),
    /** The oldest first, 100 at most. */
    images: z.array(
      z.object({
        ...MEMBER,
        name: z.string().nullable(),
        width: z.int().nullable(),
        height: z.int().nullable(),
        size_bytes: z.int().nullable(),
        /** To the image of the group that it is nearest to. */
        similarity: z.number(),
        created_at: z.iso.datetime(),
        links: z.record(z.string(), z.string()),
      }),
    ),
  })
  .meta({
    id: 'DuplicateGroup',
    examples: [
      {
        group_id: '01990f2e-5b6c-7d10-9a55-0c2f6d1b7a10',
        size: 2,
        images: ['kettle-7', 'kettle-8'].map((product_id) => ({
          product_id,
          image_id: MAIN_IMAGE,
          name: 'Copper kettle',
          width: 1_600,
          height: 1_200,
          size_bytes: 182_004,
          similarity: 0.982,
          created_at: '2026-11-20T10:15:00.000Z',
          links: { self: `/api/images/${product_id}?image_id=main` },
        })),
      },
    ],
  });

export const DecideDuplicates = z
  .strictObject({
    keep: z.array(NamedImage).max(200).default([]),
    discard: z.array(NamedImage).max(200).default([]),
  })
  .superRefine(({ keep, discard }, context) => {
    if (discard.length === 0 && keep.length < 2)
      context.addIssue({
        code: 'custom',
        path: ['keep'],
        message: 'decides nothing; name two images to keep, or one to discard',
      });
    const kept = new Set(keep.map(nameOf));
    for (const [at, image] of discard.entries()) {
      if (!kept.has(nameOf(image))) continue;
      context.addIssue({ code: 'custom', path: ['discard', at], message: 'is named under keep too' });
    }
  })
  .meta({
    id: 'DecideDuplicates',
    examples: [
      { keep: ['kettle-7'], discard: ['kettle-8'] },
      { keep: [{ product_id: 'kettle-7', image_id: 'front' }, 'kettle-9'] },
    ],
  });
export type DecideDuplicates = z.output<typeof DecideDuplicates>;

export const DecidedDuplicates = z
  .object({
    group_id: z.uuid(),
    kept: z.array(z.object(MEMBER)),
    discarded: z.array(z.object(MEMBER)),
    /** Images of the group that were not named: they come up again as long as they look like another one. */
    undecided: z.int(),
  })
  .meta({
    id: 'DecidedDuplicates',
    examples: [
      {
        group_id: '01990f2e-5b6c-7d10-9a55-0c2f6d1b7a10',
        kept: [{ product_id: 'kettle-7', image_id: MAIN_IMAGE }],
        discarded: [{ product_id: 'kettle-8', image_id: MAIN_IMAGE }],
        undecided: 0,
      },
    ],
  });

/** One text per image, for sets of them. */
export function nameOf({ product_id, image_id }: NamedImage): string {
  return JSON.stringify([product_id, image_id]);
}
