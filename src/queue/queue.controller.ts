import { Controller, Get, HttpStatus, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { PageQuery, decodeCursor, pageOf, toPage } from '../http/page.js';
import { Faults, Returns } from '../http/returns.decorator.js';
import type { TenantScope } from '../kernel/tenant-scope.js';
import { queueNameOf } from '../tasks/queue-names.js';
import { TaskControlService } from '../tasks/task-control.service.js';
import { TaskView } from '../tasks/tasks.contract.js';
import { Scope } from '../tenants/tenant-scope.decorator.js';
import { QueueHistory, QueueStats, WorkerTotals, WorkerView } from './queue.contract.js';
import { DEFAULT_WINDOW_MINUTES, QueueService } from './queue.service.js';

const SECONDS = { s: 1, m: 60, h: 3_600, d: 86_400 };

const StatsQuery = z.strictObject({
  queue: z.string().transform(queueNameOf).optional().describe('One queue; all without it'),
  window: z.coerce
    .number()
    .int()
    .min(1)
    .max(2_880)
    .default(DEFAULT_WINDOW_MINUTES)
    .describe('Minutes that rates and percentiles look back; kept for 48 hours'),
});

/** Of seconds, or of a number with its unit: `60`, `5m`, `1h`, `1d`. */
const Step = z
  .string()
  .regex(/^\d{1,9}[smhd]?$/, 'must be seconds, or a number with s, m, h or d: 300, 5m, 1h, 1d')
  .transform(
    (text) => Number.parseInt(text, 10) * SECONDS[text.at(-1) as keyof typeof SECONDS] || Number(text),
  )
  .refine((seconds) => seconds > 0 && seconds % 60 === 0, 'must be whole minutes, such as 60, 5m or 1h')
  .default(60)
  .describe(
    'Seconds, or a number with its unit: 300, 5m, 1h, 1d. Whole hours reach back 90 days, others 48 hours',
  );

const HistoryQuery = z.strictObject({
  queue: z.string().transform(queueNameOf).optional().describe('One queue; all together without it'),
  from: z.iso.datetime({ offset: true }).optional().describe('60 steps before `to` without it'),
  to: z.iso.datetime({ offset: true }).optional().describe('Now without it'),
  step: Step,
});

@ApiTags('Queue')
@Controller('api/queue')
export class QueueController {
  constructor(
    private readonly queue: QueueService,
    private readonly tasks: TaskControlService,
  ) {}

  @Get('status/:task_id')
  @Returns(HttpStatus.OK, TaskView, { summary: 'One task, as GET /api/tasks/{task_id}' })
  @Faults('task.not_found')
  status(@Scope() scope: TenantScope, @Param('task_id') name: string) {
    return this.tasks.get(scope, name);
  }

  @Get('stats')
  @Returns(HttpStatus.OK, QueueStats, { summary: 'Each queue in numbers, and all of them together' })
  @Faults('queue.unknown')
  stats(@Scope() scope: TenantScope, @Query({ schema: StatsQuery }) query: z.output<typeof StatsQuery>) {
    return this.queue.stats(scope, query);
  }

  @Get('history')
  @Returns(HttpStatus.OK, QueueHistory, {
    summary: 'What happened, step by step; kept longer than the tasks',
  })
  @Faults('queue.unknown')
  history(
    @Scope() scope: TenantScope,
    @Query({ schema: HistoryQuery }) { step, ...query }: z.output<typeof HistoryQuery>,
  ) {
    return this.queue.history(scope, { ...query, stepSeconds: step });
  }

  @Get('workers')
  @Returns(HttpStatus.OK, pageOf(WorkerView), {
    summary: 'Workers that live or were lost within the hour, newest first',
  })
  async workers(
    @Scope() scope: TenantScope,
    @Query({ schema: PageQuery }) query: z.output<typeof PageQuery>,
  ) {
    const rows = await this.queue.listWorkers(scope, query.limit + 1, decodeCursor(query.cursor, z.uuid()));
    const { data, next_cursor } = toPage(rows, query.limit, ({ incarnation }) => incarnation);
    return { data: data.map(({ view }) => view), next_cursor };
  }

  @Get('workers/stats')
  @Returns(HttpStatus.OK, WorkerTotals, { summary: 'All workers in numbers' })
  workerTotals() {
    return this.queue.workerTotals();
  }

  @Get('workers/:worker_id')
  @Returns(HttpStatus.OK, WorkerView, { summary: 'One worker and what it runs now' })
  @Faults('worker.not_found')
  worker(@Scope() scope: TenantScope, @Param('worker_id') name: string) {
    return this.queue.worker(scope, name);
  }

  @Post('workers/:worker_id/drain')
  @Returns(HttpStatus.ACCEPTED, WorkerView, {
    summary: 'Take nothing more, finish what runs or give it back after SHUTDOWN_TIMEOUT, and end for good',
  })
  @Faults('worker.not_found', 'worker.lost')
  drain(@Scope() scope: TenantScope, @Param('worker_id') name: string) {
    return this.queue.drain(scope, name);
  }
}
