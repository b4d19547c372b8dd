import { z } from 'zod';

export const HealthState = z
  .object({ status: z.enum(['ok', 'degraded', 'error', 'shutting_down']) })
  .meta({ id: 'HealthState', examples: [{ status: 'ok' }] });
export type HealthState = z.output<typeof HealthState>;

const Check = z.object({
  status: z.enum(['up', 'degraded', 'down']),
  message: z.string().optional(),
  response_ms: z.int().optional(),
});

export const HealthReport = HealthState.extend({
  version: z.string(),
  uptime_seconds: z.int(),
  checks: z.record(z.string(), Check),
}).meta({
  id: 'HealthReport',
  examples: [
    {
      status: 'ok',
      version: '0.1.0',
      uptime_seconds: 3_600,
      checks: {
        database: { status: 'up', response_ms: 1 },
        migrations: { status: 'up', response_ms: 1 },
        event_loop: { status: 'up' },
        transport: { status: 'up', response_ms: 2 },
        storage: { status: 'up', response_ms: 1 },
      },
    },
  ],
});
export type HealthReport = z.output<typeof HealthReport>;
