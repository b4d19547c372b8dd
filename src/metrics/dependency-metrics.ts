import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Database } from '../database/database.js';
import { inTime } from '../telemetry/in-time.js';
import { Metrics } from '../telemetry/metrics.registry.js';
import { Transport } from '../transport/transport.js';
import { VectorStore } from '../vectors/vector-store.js';
import { SCRAPE_LIMIT_MS } from './scrape-limit.js';

/** Whether Postgres and the transport answer this process, and how busy its connections are; asked at each scrape. */
@Injectable()
export class DependencyMetrics implements OnModuleInit {
  constructor(
    private readonly metrics: Metrics,
    private readonly database: Database,
    private readonly transport: Transport,
    private readonly vectors: VectorStore,
  ) {}

  onModuleInit(): void {
    this.up('database_up', 'Postgres answers', () => this.database.query('SELECT 1'));
    this.up('transport_up', 'The transport answers', () => this.transport.health());
    const { health } = this.vectors;
    if (health) this.up('vectors_up', 'The vector database answers', health);
    this.metrics.gauge(
      'database_pool_connections',
      'Connections to Postgres that are idle or busy, and callers that wait for one',
      ['status'],
      (gauge) => {
        for (const [status, count] of Object.entries(this.database.connections)) gauge.set({ status }, count);
      },
    );
  }

  private up(name: string, help: string, ask: () => Promise<unknown>): void {
    this.metrics.gauge(name, help, [], async (gauge) => {
      const answer = await inTime(ask(), SCRAPE_LIMIT_MS);
      gauge.set(answer === null ? 0 : 1);
    });
  }
}
