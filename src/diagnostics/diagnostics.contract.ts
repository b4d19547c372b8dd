import { z } from 'zod';
import { JsonValue } from '../tasks/tasks.contract.js';

/** Says back what it is given, after an optional wait: for smoke tests, benchmarks and first steps. */
export const EchoPayload = z.strictObject({
  message: JsonValue.optional(),
  sleep_ms: z.number().int().min(0).max(3_600_000).optional(),
});

export const EchoResult = z.object({ message: JsonValue.optional() });
