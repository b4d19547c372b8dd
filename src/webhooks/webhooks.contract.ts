import { z } from 'zod';
import { JsonValue, Links } from '../tasks/tasks.contract.js';

export const DELIVERY_STATUSES = ['pending', 'sending', 'succeeded', 'failed'] as const;
export const WEBHOOK_EVENTS = ['task.completed', 'task.failed', 'task.cancelled', 'batch.completed'] as const;

const delivery = z.object({
  delivery_id: z.uuid().describe('Also the `webhook-id` of every attempt'),
  event: z.enum(WEBHOOK_EVENTS),
  task_id: z.uuid().nullable(),
  batch_id: z.uuid().nullable(),
  url: z.string(),
  status: z.enum(DELIVERY_STATUSES).describe('`failed`: it is not tried again by itself'),
  attempts: z.int().describe('Since the last replay'),
  max_attempts: z.int(),
  next_attempt_at: z.iso.datetime().nullable().describe('null unless `pending`'),
  last_attempt_at: z.iso.datetime().nullable(),
  last_status_code: z.int().nullable().describe('null when nobody answered'),
  last_error: z.string().nullable(),
  last_response: z.string().nullable().describe('How the last answer began, up to 1 KiB'),
  created_at: z.iso.datetime(),
  finished_at: z.iso.datetime().nullable(),
  links: Links,
});

const example: z.output<typeof delivery> = {
  delivery_id: '01990f2e-6a00-7c4e-9b7d-3f2a1c5e8b90',
  event: 'task.completed',
  task_id: '01990f2e-5b6c-7d10-9a55-0c2f6d1b7a10',
  batch_id: null,
  url: 'https://hooks.example/intake',
  status: 'pending',
  attempts: 1,
  max_attempts: 10,
  next_attempt_at: '2026-11-20T10:15:06.000Z',
  last_attempt_at: '2026-11-20T10:15:01.000Z',
  last_status_code: 500,
  last_error: 'The receiver answered 500',
  last_response: 'try later',
  created_at: '2026-11-20T10:15:01.000Z',
  finished_at: null,
  links: { self: '/api/webhooks/deliveries/01990f2e-6a00-7c4e-9b7d-3f2a1c5e8b90' },
};

export const DeliveryView = delivery.meta({ id: 'WebhookDelivery', examples: [example] });
export type DeliveryView = z.output<typeof DeliveryView>;

export const DeliveryDetail = delivery
  .extend({ message: JsonValue.describe('What is sent, `{type, timestamp, data}`, frozen when it happened') })
  .meta({
    id: 'WebhookDeliveryDetail',
    examples: [
      {
        ...example,
        message: {
          type: 'task.completed',
          timestamp: '2026-11-20T10:15:01.000Z',
          data: {
            task_id: '01990f2e-5b6c-7d10-9a55-0c2f6d1b7a10',
            status: 'completed',
            result: { pages: 3 },
          },
        },
      },
    ],
  });
export type DeliveryDetail = z.output<typeof DeliveryDetail>;

export const WebhookSecret = z
  .object({
    secret: z.string().describe('Standard Webhooks: `whsec_` and base64'),
    created_at: z.iso.datetime(),
  })
  .meta({
    id: 'WebhookSecret',
    examples: [
      {
        secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
        created_at: '2026-11-20T10:15:00.000Z',
      },
    ],
  });
