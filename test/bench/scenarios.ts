import { once, EventEmitter } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { openSide, type Side, type SideName, type SideOptions } from './side.js';

export interface Place {
  databaseUrl: string;
  redisUrl: string | null;
}

/** Figures by name; those whose name ends in `/s` are better when larger, the others are milliseconds. */
export type Figures = Record<string, number>;

export interface Scenario {
  title: string;
  run(side: SideName, place: Place, tasks: number): Promise<Figures>;
}

/** Requests in flight at once. */
const CALLERS = 128;
const CONCURRENCY = 100;
const WARM_UP = 1_000;
const LATENCY_WARM_UP = 100;
const LATENCY_PAUSE_MS = 5;

export const SCENARIOS: Record<string, Scenario> = {
  submit: {
    title: `submit: one at a time by ${CALLERS} callers, nobody works`,
    run: async (name, place, tasks) => {
      const side = await openSide(name, { ...place, concurrency: 0, onStart: ignore, onEnd: ignore });
      await byCallers(WARM_UP, side);
      const seconds = await timed(() => byCallers(tasks, side));
      await side.close();
      return { 'submitted/s': tasks / seconds };
    },
  },
  'end-to-end': {
    title: `end to end: ${CALLERS} callers submit while ${CONCURRENCY} slots of the same process work`,
    run: async (name, place, tasks) => {
      const ends = new Counter();
      const options: SideOptions = {
        ...place,
        concurrency: CONCURRENCY,
        onStart: ignore,
        onEnd: () => ends.add(),
      };
      const side = await openSide(name, options);
      await Promise.all([ends.reaches(WARM_UP), byCallers(WARM_UP, side)]);
      const seconds = await timed(() => Promise.all([ends.reaches(WARM_UP + tasks), byCallers(tasks, side)]));
      await side.close();
      return { 'done/s': tasks / seconds };
    },
  },
  latency: {
    title: 'latency: one task, then the next, on an idle system',
    run: async (name, place, tasks) => {
      const starts = new Counter();
      const options: SideOptions = {
        ...place,
        concurrency: CONCURRENCY,
        onStart: () => starts.add(),
        onEnd: ignore,
      };
      const side = await openSide(name, options);
      const [accepts, waits]: [number[], number[]] = [[], []];
      for (let at = 1; at <= LATENCY_WARM_UP + tasks / 20; at += 1) {
        const begunMs = performance.now();
        const started = starts.reaches(at).then(() => performance.now() - begunMs);
        await side.submit();
        const acceptedMs = performance.now() - begunMs;
        const startedMs = await started;
        if (at > LATENCY_WARM_UP) {
          accepts.push(acceptedMs);
          waits.push(startedMs);
        }
        await delay(LATENCY_PAUSE_MS);
      }
      await side.close();
      return {
        'accept p50': percentile(accepts, 0.5),
        'accept p99': percentile(accepts, 0.99),
        'start p50': percentile(waits, 0.5),
        'start p99': percentile(waits, 0.99),
      };
    },
  },
};

export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

class Counter {
  private count = 0;
  private readonly changes = new EventEmitter().setMaxListeners(0);

  add(): void {
    this.count += 1;
    this.changes.emit(String(this.count));
  }

  async reaches(count: number): Promise<void> {
    if (this.count < count) await once(this.changes, String(count));
  }
}

async function byCallers(count: number, side: Side): Promise<void> {
  let left = count;
  const caller = async () => {
    while (left > 0) {
      left -= 1;
      await side.submit();
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const begunMs = performance.now();
  await work();
  return (performance.now() - begunMs) / 1_000;
}

function ignore(): void {}
