import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { Database } from '../database/database.js';
import { Sweep } from '../kernel/sweep.js';
import { DependenciesRepository } from './dependencies.repository.js';
import { dependenciesChanged, taskDepthChanged } from './task-telemetry.js';

const BATCH = 200;

/** Lets children go, or fail, when their parents end; a chain resolves link by link, each in a pass of its own. */
@Injectable()
export class DependenciesSweep extends Sweep implements OnModuleDestroy {
  readonly name = 'dependencies';
  readonly intervalMs = 2_000;
  private readonly unsubscribe = dependenciesChanged.subscribe(() => this.wake());

  constructor(
    private readonly database: Database,
    private readonly dependencies: DependenciesRepository,
  ) {
    super();
  }

  async runOnce(): Promise<Record<string, number>> {
    for (;;) {
      const { told, released, revived } = await this.database.transaction((tx) =>
        this.dependencies.resolveNews(tx, BATCH),
      );
      for (const queue of new Set(released.map((task) => task.queue))) taskDepthChanged.publish({ queue });
      if (told < BATCH && revived === 0) return {};
    }
  }

  onModuleDestroy(): void {
    this.unsubscribe();
  }
}
