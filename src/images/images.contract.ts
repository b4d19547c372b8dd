import { z } from 'zod';
import { fromJsonText, fromNumberText } from '../kernel/form-text.js';
import { AcceptedTask, ClientId, Metadata, TaskOptions, TaskStatusName } from '../tasks/tasks.contract.js';

/** The image of a product that has only one. */
export const MAIN_IMAGE = 'main';

const ImagePath = z
  .string()
  .min(1)
  .max(4_096)
  .describe(
    'A storage key, `s3://`, `minio://` or `r2://bucket/key`, a path below one of IMAGE_ROOTS, or an http(s) URL; ' +
      'fetched by the worker. A path outside of the roots that begins with `/` is a key',
  );

export const ImageId = ClientId.describe(
  'Tells the images of a product apart; a product without it has one image, `main`',
);

const Tag = z.string().trim().min(1).max(100);
const Tags = z.array(Tag).max(32);

const ImageFields = TaskOptions.extend({
  product_id: ClientId,
  image_id: ImageId.optional(),
  user_id: ClientId.optional(),
  name: z.string().max(1_024).optional(),
  description: z.string().max(10_000).optional(),
  tags: Tags.optional().describe('Words that search finds the image by'),
  metadata: Metadata.optional().describe('Anything; a search may filter by its top-level members'),
  keep_location: z
    .boolean()
    .optional()
    .describe('Keep where the picture was taken; dropped otherwise, together with the rest of its GPS data'),
});

/** Fields of an upload: form text, so what is no text comes as JSON, and tags also as words between commas. */
export const ImageUploadFields = ImageFields.extend({
  priority: z.preprocess(fromNumberText, TaskOptions.shape.priority),
  tags: z.preprocess(fromTagText, ImageFields.shape.tags),
  metadata: z.preprocess(fromJsonText, ImageFields.shape.metadata),
  keep_location: z.preprocess(fromJsonText, ImageFields.shape.keep_location),
}).meta({
  examples: [
    {
      product_id: 'kettle-7',
      name: 'Copper kettle',
      description: 'A kettle of copper with a wooden handle',
      tags: ['kitchen', 'copper'],
      metadata: { brand: 'Ember' },
      priority: 'high',
      keep_location: false,
    },
  ],
});
export type ImageUploadFields = z.output<typeof ImageUploadFields>;

const ENQUEUE_EXAMPLE = {
  image_path: 'catalogue/kettle-front.jpg',
  product_id: 'kettle-7',
  name: 'Copper kettle',
  description: 'A kettle of copper with a wooden handle',
  tags: ['kitchen', 'copper'],
  metadata: { brand: 'Ember' },
  priority: 'high',
};

/** One image to index. */
export const EnqueueImage = ImageFields.extend({ image_path: ImagePath }).meta({
  id: 'EnqueueImage',
  examples: [
    ENQUEUE_EXAMPLE,
    { image_path: 'https://shop.example.com/mug.png', product_id: 12, image_id: 'side' },
    { image_path: 'r2://catalogue/kettle-back.jpg', product_id: 'kettle-7', image_id: 'back' },
  ],
});
export type EnqueueImage = z.output<typeof EnqueueImage>;

export const EnqueueImages = z
  .strictObject({
    tasks: z.array(EnqueueImage).min(1).max(1_000),
    callback_url: z.string().max(2_048).optional(),
  })
  .meta({ id: 'EnqueueImages', examples: [{ tasks: [ENQUEUE_EXAMPLE] }] });
export type EnqueueImages = z.output<typeof EnqueueImages>;

const NAMED = { product_id: z.string(), image_id: z.string() };
const NAMED_EXAMPLE = { product_id: 'kettle-7', image_id: MAIN_IMAGE };

export const AcceptedImage = AcceptedTask.extend(NAMED).meta({
  id: 'AcceptedImage',
  examples: ((AcceptedTask.meta()?.examples ?? []) as object[]).map((example) => ({
    ...example,
    type: 'images.index',
    queue: 'images',
    ...NAMED_EXAMPLE,
  })),
});

/** The payload of `images.index`. */
export const ImagePayload = z.object({
  product_id: ClientId,
  image_id: ImageId.default(MAIN_IMAGE),
  image_path: ImagePath,
  user_id: ClientId.optional(),
  name: z.string().max(1_024).optional(),
  description: z.string().max(10_000).optional(),
  tags: Tags.optional(),
  metadata: Metadata.optional(),
  keep_location: z.boolean().optional(),
  /** Set by the routes of images; a task submitted without it registers when it runs. */
  submission: z.number().int().optional(),
});
export type ImagePayload = z.output<typeof ImagePayload>;

export const NearDuplicate = z.object({
  ...NAMED,
  /** Cosine of the vectors, at most 1. */
  similarity: z.number(),
  /** Bits in which the perceptual hashes differ. */
  distance: z.int(),
});
export type NearDuplicate = z.output<typeof NearDuplicate>;
const NEAR_EXAMPLE = { product_id: 'kettle-8', image_id: MAIN_IMAGE, similarity: 0.982, distance: 2 };

export const ImageResult = z.object({
  ...NAMED,
  content_type: z.string(),
  size_bytes: z.int(),
  width: z.int(),
  height: z.int(),
  frames: z.int(),
  sha256: z.string(),
  perceptual_hash: z.string(),
  model: z.string(),
  colours: z.array(z.string()),
  near_duplicates: z.array(NearDuplicate),
  /** The same bytes were indexed before: nothing was done again. */
  unchanged: z.boolean(),
  /** A newer submission of the same image exists: nothing was stored. */
  superseded: z.boolean(),
});
export type ImageResult = z.output<typeof ImageResult>;

export const Exif = z.object({
  make: z.string().optional(),
  model: z.string().optional(),
  lens: z.string().optional(),
  software: z.string().optional(),
  artist: z.string().optional(),
  copyright: z.string().optional(),
  description: z.string().optional(),
  exposure_seconds: z.number().optional(),
  aperture: z.number().optional(),
  iso: z.number().optional(),
  focal_length_mm: z.number().optional(),
  /** Degrees, north and east positive; only where `keep_location` asked for it. */
  location: z.object({ latitude: z.number(), longitude: z.number() }).optional(),
});
export type Exif = z.output<typeof Exif>;

const LINKS_EXAMPLE = {
  self: '/api/images/kettle-7?image_id=main',
  thumbnail: '/api/images/kettle-7/thumbnail?image_id=main',
  file: '/api/images/kettle-7/file?image_id=main',
};

export const ImageView = z
  .object({
    ...NAMED,
    user_id: z.string().nullable(),
    name: z.string().nullable(),
    description: z.string().nullable(),
    tags: z.array(z.string()),
    metadata: Metadata,
    image_path: z.string(),
    status: TaskStatusName.nullable(),
    task_id: z.uuid(),
    content_type: z.string().nullable(),
    size_bytes: z.int().nullable(),
    width: z.int().nullable(),
    height: z.int().nullable(),
    frames: z.int().nullable(),
    has_alpha: z.boolean().nullable(),
    sha256: z.string().nullable(),
    perceptual_hash: z.string().nullable(),
    model: z
      .string()
      .nullable()
      .describe(
        'Whose vector searches by pictures find it by; null: they do not find it, since it is not processed yet, was ' +
          'discarded, or awaits a re-index',
      ),
    colours: z.array(z.string()),
    taken_at: z.iso.datetime().nullable(),
    exif: Exif.nullable(),
    near_duplicates: z.array(NearDuplicate),
    /** Since when it is no longer searched, because somebody decided that it is a duplicate. */
    discarded_at: z.iso.datetime().nullable(),
    created_at: z.iso.datetime(),
    processed_at: z.iso.datetime().nullable(),
    links: z.record(z.string(), z.string()),
  })
  .meta({
    id: 'Image',
    examples: [
      {
        ...NAMED_EXAMPLE,
        user_id: '7',
        name: 'Copper kettle',
        description: null,
        tags: ['kitchen', 'copper'],
        metadata: { brand: 'Ember' },
        image_path: 'catalogue/kettle-front.jpg',
        status: 'completed' as const,
        task_id: '01990f2e-5b6c-7d10-9a55-0c2f6d1b7a10',
        content_type: 'image/jpeg',
        size_bytes: 182_004,
        width: 1_600,
        height: 1_200,
        frames: 1,
        has_alpha: false,
        sha256: 'b5bb9d8014a0f9b1d61e21e796d78dccdf1352f23cd32812f4850b878ae4944c',
        perceptual_hash: 'd1c48f0e3a5b7c96',
        model: 'mobilenet-v2-look-v1',
        colours: ['orange', 'white'],
        taken_at: '2026-05-02T09:30:00.000Z',
        exif: { make: 'Canon', model: 'EOS R6', iso: 200 },
        near_duplicates: [NEAR_EXAMPLE],
        discarded_at: null,
        created_at: '2026-11-20T10:15:00.000Z',
        processed_at: '2026-11-20T10:15:01.000Z',
        links: LINKS_EXAMPLE,
      },
    ],
  });
export type ImageView = z.output<typeof ImageView>;

function fromTagText(text: unknown): unknown {
  const json = fromJsonText(text);
  if (typeof json !== 'string') return json;
  return json
    .split(',')
    .map((word) => word.trim())
    .filter(Boolean);
}
