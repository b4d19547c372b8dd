import type { Clock } from '../kernel/clock.js';
import type { ReindexRun } from './reindex-run.js';

/** The rest of a task's progress is for comparing and switching. */
const SHARE = 0.95;
/** How much has to be done before a rate says anything. */
const MIN_SECONDS = 1;

/** Tells how far a walk is, how fast it goes and when it will be over. */
export class ReindexProgress {
  private readonly total: number;
  private readonly first: number;
  private readonly startMs: number;
  private loggedTenths: number;
  done: number;

  /** @param from what an earlier attempt has done already */
  constructor(
    private readonly run: Pick<ReindexRun, 'progress' | 'log'>,
    private readonly clock: Clock,
    from: { total: number; done: number },
  ) {
    this.total = from.total;
    this.first = this.done = from.done;
    this.startMs = clock.monotonicMs();
    this.loggedTenths = this.tenths();
    run.log('re-indexing', { total: this.total, done: this.done });
  }

  passed(items: number): void {
    this.done += items;
    this.run.progress(this.fraction() * SHARE, this.text());
    if (this.tenths() === this.loggedTenths) return;
    this.loggedTenths = this.tenths();
    this.run.log('re-indexed', {
      total: this.total,
      done: this.done,
      per_second: Math.round(this.rate() * 10) / 10,
    });
  }

  private text(): string {
    const counted = `re-indexed ${this.done} of ${Math.max(this.total, this.done)}`;
    const rate = this.rate();
    if (rate === 0) return counted;
    const left = Math.max(0, this.total - this.done) / rate;
    return `${counted}, ${rate.toFixed(rate < 10 ? 1 : 0)}/s, about ${spanOf(left)} left`;
  }

  /** Items a second in this attempt; 0 until that means something. */
  private rate(): number {
    const seconds = (this.clock.monotonicMs() - this.startMs) / 1_000;
    return seconds < MIN_SECONDS ? 0 : (this.done - this.first) / seconds;
  }

  private fraction(): number {
    return this.total === 0 ? 1 : Math.min(1, this.done / this.total);
  }

  private tenths(): number {
    return Math.floor(this.fraction() * 10);
  }
}

function spanOf(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  return seconds < 5_400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3_600).toFixed(1)} h`;
}
