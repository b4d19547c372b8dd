import { Injectable } from '@nestjs/common';
import type { TenantScope } from '../kernel/tenant-scope.js';
import { TaskStatsRepository, type Count } from './task-stats.repository.js';

export type { Count } from './task-stats.repository.js';

export interface TaskCounts {
  /** Depths (`depth.queued`) and cumulative counters (`total.failed`) of each queue. */
  sinceEver: Count[];
  /** Counters and histograms (`wait.7`, see DURATION_BOUNDS_MS) of the last minutes, the current one included. */
  recent: Count[];
  /** By queue: how long the task that could have run for longest waits. */
  oldestSeconds: Map<string, number>;
}

/** What the counters of a tenant say: three cheap reads, whatever the size of the task table. */
@Injectable()
export class TaskStatsService {
  constructor(private readonly counters: TaskStatsRepository) {}

  async read(scope: TenantScope, minutes: number): Promise<TaskCounts> {
    const [sinceEver, recent, oldest] = await Promise.all([
      this.counters.totals(scope),
      this.counters.recent(scope, minutes),
      this.counters.oldest(scope),
    ]);
    const oldestSeconds = new Map(oldest.map(({ queue, age_seconds }) => [queue, Math.max(0, age_seconds)]));
    return { sinceEver, recent, oldestSeconds };
  }
}
