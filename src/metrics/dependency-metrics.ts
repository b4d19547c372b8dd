import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Database } from '../database/database.js';
import { Metrics } from '../telemetry/metrics.registry.js';
import { Transport } from '../transport/transport.js';

/** A scrape must not hang because what it asks about does. */
const ANSWER_WITHIN_MS = 2_000;

/** Whether Postgres and the transport answer this process, asked at each scrape. */
@Injectable()
export class DependencyMetrics implements OnModuleInit {
  constructor(
    private readonly metrics: Metrics,
    private readonly database: Database,
    private readonly transport: Transport,
  ) {}

  onModuleInit(): void {
    this.up('database_up', 'Postgres answers', () => this.database.query('SELECT 1'));
    this.up('transport_up', 'The transport answers', () => this.transport.health());
  }

  private up(name: string, help: string, ask: () => Promise<unknown>): void {
    this.metrics.gauge(name, help, [], async (gauge) => gauge.set((await answers(ask)) ? 1 : 0));
  }
}

async function answers(ask: () => Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), ANSWER_WITHIN_MS);
  });
  const answer = ask().then(
    () => true,
    () => false,
  );
  const result = await Promise.race([answer, late]);
  clearTimeout(timer);
  return result;
}
