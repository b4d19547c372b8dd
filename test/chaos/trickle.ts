import { setTimeout as delay } from 'node:timers/promises';

const EVERY_MS = 80;
/** From a blink to longer than most faults take. */
const SLEEPS_MS = [0, 0, 50, 300, 1_000, 5_000];

/** Submits work without a pause, and keeps the ledger of what was accepted. */
export class Trickle {
  readonly accepted: string[] = [];
  refused = 0;
  private isOver = false;
  private readonly loop: Promise<void>;

  constructor(private readonly url: () => string) {
    this.loop = this.run();
  }

  async stop(): Promise<void> {
    this.isOver = true;
    await this.loop;
  }

  private async run(): Promise<void> {
    const inFlight: Array<Promise<void>> = [];
    for (let at = 0; !this.isOver; at += 1) {
      inFlight.push(this.submit(at));
      await delay(EVERY_MS);
    }
    await Promise.all(inFlight);
  }

  /** Only an answer of 202 is a promise; whatever else is heard may be asked again by a client. */
  private async submit(at: number): Promise<void> {
    const payload = { message: at, sleep_ms: SLEEPS_MS[at % SLEEPS_MS.length] };
    try {
      const answer = await fetch(`${this.url()}/api/tasks`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ type: 'diagnostics.echo', payload, timeout_ms: 60_000 }),
        signal: AbortSignal.timeout(20_000),
      });
      const { task_id: id } = (await answer.json()) as { task_id: string };
      if (answer.status === 202) this.accepted.push(id);
      else this.refused += 1;
    } catch {
      this.refused += 1;
    }
  }
}
