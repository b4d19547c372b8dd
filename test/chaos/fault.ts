import type { ChaosStack, TransportName } from './stack.js';
import type { Topology } from './redis-place.js';

export interface Intensity {
  /** How long a fault that lasts should last here, of what it would be at its worst. */
  last: (worstSeconds: number) => Promise<void>;
}

/** One way to hurt a deployment that works. */
export interface Fault {
  name: string;
  what: string;
  transports: readonly TransportName[];
  topology?: Topology;
  /** Why it cannot be played here; nothing when it can. */
  missing?: (stack: ChaosStack) => string | null;
  /** Resolves when the worst is over, or lasts. */
  inject: (stack: ChaosStack, intensity: Intensity) => Promise<void>;
  /** Puts back what is missing; the time to recover counts from its end. */
  heal?: (stack: ChaosStack) => Promise<void>;
  /** A statement that counts the traces it left since `$1`: without any the fault met nothing. */
  traces?: string;
  /** What froze or silenced everybody must cost nobody a crash. */
  sparesInnocents?: boolean;
}

export const BOTH = ['redis', 'postgres'] as const satisfies TransportName[];
export const REDIS = ['redis'] as const satisfies TransportName[];

export const LOST_ATTEMPTS = `
SELECT count(*)::int AS n FROM task_attempts WHERE outcome = 'lost' AND finished_at >= $1::timestamptz`;
