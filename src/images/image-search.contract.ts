import { z } from 'zod';
import { fromJsonText, fromNumberText } from '../kernel/form-text.js';
import { ClientId, Metadata } from '../tasks/tasks.contract.js';
import { ImageId } from './images.contract.js';

const Match = z
  .enum(['visual', 'metadata'])
  .describe(
    '`visual` compares pictures, `metadata` the words of names, descriptions, tags and colours. Without it a text is ' +
      'compared with pictures where the model can read, else with words',
  );

const Filter = z
  .strictObject({
    product_ids: z.array(ClientId).min(1).max(100).optional(),
    user_id: ClientId.optional(),
    metadata: Metadata.optional().describe('Each member equals the image’s own'),
  })
  .default({});

const Limit = z.number().int().min(1).max(100).default(10);

/** What every search may say, whatever it is asked by. */
const SEARCH = { limit: Limit, match: Match.optional(), filter: Filter };

const QUERIES = ['text', 'product_id', 'image_url'] as const;

/** A search by words, by an image that is known here, or by a picture behind a URL. */
export const SearchImages = z
  .strictObject({
    text: z.string().trim().min(1).max(2_000).optional(),
    product_id: ClientId.optional().describe('Images like this product’s; it is not among the hits itself'),
    image_id: ImageId.optional(),
    image_url: z.string().min(1).max(4_096).optional().describe('http or https; 20 MiB and 20 s at most'),
    ...SEARCH,
  })
  .superRefine((request, context) => {
    const issue = (path: string, message: string) =>
      context.addIssue({ code: 'custom', path: [path], message });
    const asked = QUERIES.filter((name) => request[name] !== undefined);
    if (asked.length === 0)
      issue(
        'text',
        'is missing; send text, product_id, image_url, or a picture as the part `file` of a form',
      );
    for (const name of asked.slice(1))
      issue(name, `cannot be given together with ${asked[0]}; send one of them`);
    if (request.image_id !== undefined && request.product_id === undefined)
      issue('image_id', 'needs product_id');
    if (request.match === 'metadata' && asked.length > 0 && request.text === undefined)
      issue('match', 'metadata needs text; pictures are compared with `visual`');
  })
  .meta({
    id: 'SearchImages',
    examples: [
      { text: 'copper kettle', limit: 5 },
      { product_id: 'kettle-7', filter: { metadata: { brand: 'Ember' } } },
      { image_url: 'https://shop.example.com/mug.png' },
    ],
  });
export type SearchImages = z.output<typeof SearchImages>;

/** What a form may say beside its picture; text, so the filter comes as JSON. */
export const SearchFields = z
  .strictObject({
    limit: z.preprocess(fromNumberText, Limit),
    match: z.enum(['visual']).optional(),
    filter: z.preprocess(fromJsonText, Filter),
  })
  .meta({ examples: [{ limit: 5, match: 'visual', filter: {} }] });
export type SearchFields = z.output<typeof SearchFields>;

const HIT_EXAMPLE = {
  product_id: 'kettle-7',
  image_id: 'main',
  score: 0.87,
  name: 'Copper kettle',
  tags: ['kitchen', 'copper'],
  colours: ['orange', 'white'],
  metadata: { brand: 'Ember' },
  links: {
    self: '/api/images/kettle-7?image_id=main',
    thumbnail: '/api/images/kettle-7/thumbnail?image_id=main',
    file: '/api/images/kettle-7/file?image_id=main',
  },
};

export const ImageHit = z
  .object({
    product_id: z.string(),
    image_id: z.string(),
    /** How well it matches: comparable within one answer, higher is better, at most 1. */
    score: z.number(),
    name: z.string().nullable(),
    tags: z.array(z.string()),
    colours: z.array(z.string()),
    metadata: Metadata,
    links: z.record(z.string(), z.string()),
  })
  .meta({ id: 'ImageHit', examples: [HIT_EXAMPLE] });
export type ImageHit = z.output<typeof ImageHit>;

export const ImageSearchResults = z
  .object({
    /** What was compared. */
    match: z.enum(['visual', 'metadata']),
    /** Whose vectors were compared; `null` where words were. */
    model: z.string().nullable(),
    hits: z.array(ImageHit),
  })
  .meta({
    id: 'ImageSearchResults',
    examples: [{ match: 'visual', model: 'mobilenet-v2-look-v1', hits: [HIT_EXAMPLE] }],
  });
export type ImageSearchResults = z.output<typeof ImageSearchResults>;
