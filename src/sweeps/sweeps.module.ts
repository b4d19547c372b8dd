// owns: housekeeping. promises: any process that runs it keeps every queue draining; each pass is short and repeatable.
// never: decides what a status may become; that is the lifecycle's.
import { Inject, Module, type OnModuleDestroy } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { TasksModule } from '../tasks/tasks.module.js';
import { taskDepthChanged, taskSettled } from '../tasks/task-telemetry.js';
import { DispatchSweep } from './dispatch.sweep.js';
import { ExpirySweep } from './expiry.sweep.js';
import { QueuesRepository } from './queues.repository.js';
import { ReconcileSweep } from './reconcile.sweep.js';
import { ReconcilerReach } from './reconciler-reach.js';
import { StatsFoldingSweep } from './stats-folding.sweep.js';
import { RedispatchSweep } from './redispatch.sweep.js';
import { RetentionSweep } from './retention.sweep.js';
import { StartAlarmSweep } from './start-alarm.sweep.js';
import { SweepRunner } from './sweep-runner.js';

@Module({
  imports: [DiscoveryModule, TasksModule],
  providers: [
    DispatchSweep,
    ExpirySweep,
    StartAlarmSweep,
    ReconcileSweep,
    RedispatchSweep,
    RetentionSweep,
    StatsFoldingSweep,
    QueuesRepository,
    ReconcilerReach,
    SweepRunner,
  ],
  exports: [SweepRunner],
})
export class SweepsModule implements OnModuleDestroy {
  private readonly unsubscribe: Array<() => void>;

  /** Room in the window, or work for it: dispatch now instead of at the next interval. */
  constructor(@Inject(DispatchSweep) dispatch: DispatchSweep) {
    const wake = () => dispatch.wake();
    this.unsubscribe = [taskSettled.subscribe(wake), taskDepthChanged.subscribe(wake)];
  }

  onModuleDestroy(): void {
    for (const off of this.unsubscribe) off();
  }
}
