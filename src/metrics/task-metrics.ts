import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import {
  taskClaimed,
  taskRepaired,
  taskSettled,
  taskStuck,
  taskSubmitted,
  startAlarmRaised,
} from '../tasks/task-telemetry.js';
import { Metrics } from '../telemetry/metrics.registry.js';

/** Seconds, from 5 ms to half an hour. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1_800];

/** Counts and times what happens to tasks in this process, as their telemetry tells it. */
@Injectable()
export class TaskMetrics implements OnModuleInit, OnModuleDestroy {
  private subscriptions: Array<() => void> = [];

  constructor(private readonly metrics: Metrics) {}

  onModuleInit(): void {
    const { metrics } = this;
    const submitted = metrics.counter('tasks_submitted_total', 'Tasks accepted', ['queue', 'type']);
    const settled = metrics.counter('task_attempts_total', 'Attempts that ended', [
      'queue',
      'type',
      'outcome',
    ]);
    const wait = metrics.histogram(
      'task_wait_seconds',
      'From runnable to started',
      ['queue', 'type'],
      BUCKETS,
    );
    const run = metrics.histogram('task_run_seconds', 'From started to ended', ['queue', 'type'], BUCKETS);
    const repairs = metrics.counter('repairs_total', 'What the reconciler put right', ['kind']);
    const stuck = metrics.counter('handlers_stuck_total', 'Handlers that did not stop when asked', ['type']);
    const alarms = metrics.counter('start_alarms_total', 'Queues whose tasks began to start too late', [
      'queue',
    ]);
    this.subscriptions = [
      startAlarmRaised.subscribe(({ queue }) => alarms.inc({ queue })),
      taskSubmitted.subscribe(({ queue, type }) => submitted.inc({ queue, type })),
      taskClaimed.subscribe(({ queue, type, waitMs }) => wait.observe({ queue, type }, waitMs / 1_000)),
      taskSettled.subscribe(({ queue, type, outcome, runMs }) => {
        settled.inc({ queue, type, outcome });
        run.observe({ queue, type }, runMs / 1_000);
      }),
      taskRepaired.subscribe(({ kind, count }) => repairs.inc({ kind }, count)),
      taskStuck.subscribe(({ type }) => stuck.inc({ type })),
    ];
  }

  onModuleDestroy(): void {
    for (const unsubscribe of this.subscriptions) unsubscribe();
  }
}
