import { Injectable } from '@nestjs/common';
import { Config } from '../config/config.js';
import { Database } from '../database/database.js';
import { isUuid } from '../kernel/ids.js';
import type { TenantScope } from '../kernel/tenant-scope.js';
import type { ExplainFacts } from './explain-facts.js';
import { EXPLAIN } from './explain.sql.js';
import { LEASE_MS } from './heartbeat.js';

/** Reads what an explanation is made of. */
@Injectable()
export class ExplainRepository {
  constructor(
    private readonly database: Database,
    private readonly config: Config,
  ) {}

  /** @param name a task's id or its external id */
  async facts({ tenantId }: TenantScope, name: string): Promise<ExplainFacts | undefined> {
    const [facts] = await this.database.query<ExplainFacts>(
      EXPLAIN,
      tenantId,
      isUuid(name) ? name : null,
      name,
      LEASE_MS / 1_000,
      this.config.agingSeconds,
      this.config.maxQueueSize,
    );
    return facts;
  }
}
