import { describe, it } from 'vitest';
import { transports } from '../support/stack.js';
import { faultNamed } from './faults.js';
import { intensityOf, play } from './play.js';
import { complaints } from './report.js';
import type { TransportName } from './stack.js';

/** What CI plays, in this order under one load; the rest by `npm run chaos`. */
const PLAYED: Record<TransportName, string[]> = {
  redis: [
    'api-killed',
    'document-worker-killed',
    'redis-crashed',
    'settle-reply-lost',
    'redis-flushed',
    'redis-down',
    'worker-frozen',
    'redis-half-open',
    'postgres-killed',
    'postgres-crashing',
  ],
  postgres: [
    'document-worker-killed',
    'api-killed',
    'postgres-down',
    'worker-frozen',
    'postgres-killed',
    'postgres-frozen',
  ],
};

/** Longer than a lease: what lasts so long would show. */
const WORST_SECONDS = 15;
/** What shows only after longer: how everybody doubts, waits and comes back. */
const LASTS_SECONDS: Record<string, number> = { 'postgres-down': 60 };
/** Little, for two stacks share two cores with whatever else runs there. */
const PACE = { perSecond: 5, mostOpen: 60 };

describe.concurrent.each(transports())('a deployment under load, its queue on %s', (transport) => {
  it(
    `loses nothing and does nothing twice through ${PLAYED[transport].join(', ')}`,
    { timeout: 600_000 },
    async ({ expect }) => {
      const faults = PLAYED[transport].map(faultNamed);
      const played = await play({
        transport,
        next: ({ length }) => faults[length],
        pace: PACE,
        intensity: ({ name }) => intensityOf(LASTS_SECONDS[name] ?? WORST_SECONDS),
        log: (line) => console.log(`${transport}: ${line}`),
      });
      expect(complaints(played)).toEqual([]);
      expect(played.rounds.map(({ fault }) => fault)).toEqual(PLAYED[transport]);
      // A fault that should leave traces and left none met nothing, and nothing was shown.
      expect(played.rounds.filter(({ traces }) => traces === 0)).toEqual([]);
      expect(played.accepted).toBeGreaterThan(15 * faults.length);
    },
  );
});
