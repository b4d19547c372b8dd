import { Injectable } from '@nestjs/common';
import { Fault } from '../../kernel/fault.js';
import { Metrics } from '../../telemetry/metrics.registry.js';

const BUCKETS = [0.1, 0.25, 0.5, 1, 2, 3, 5, 10, 20, 40, 90];

/** How long pictures take to read, the wait for a free child included. */
@Injectable()
export class OcrTimes {
  private readonly seconds;

  constructor(metrics: Metrics) {
    this.seconds = metrics.histogram(
      'ocr_seconds',
      'From asked to read, per picture',
      ['backend', 'outcome'],
      BUCKETS,
    );
  }

  /** Times work that ends in a reading, a Fault or an abort. */
  async measure<T>(backend: 'bundled' | 'command', work: () => Promise<T>): Promise<T> {
    const startMs = performance.now();
    const note = (outcome: string) =>
      this.seconds.observe({ backend, outcome }, (performance.now() - startMs) / 1_000);
    try {
      const outcome = await work();
      note('completed');
      return outcome;
    } catch (error) {
      note(Fault.is(error) ? 'failed' : 'aborted');
      throw error;
    }
  }
}
