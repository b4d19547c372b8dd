import { Body, Controller, Get, HttpStatus, Param, Patch, Post, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { IdempotencyKey } from '../http/idempotency-key.decorator.js';
import { PageQuery, decodeCursor, pageOf, toPage } from '../http/page.js';
import { Faults, Returns } from '../http/returns.decorator.js';
import type { TenantScope } from '../kernel/tenant-scope.js';
import { Scope } from '../tenants/tenant-scope.decorator.js';
import { SUBMIT_FAULTS, answerAccepted, answerBatch } from './accepted.js';
import { HistoryPlace } from './task-history.js';
import { TaskControlService } from './task-control.service.js';
import { TASK_FILTER } from './task-filter.contract.js';
import {
  AcceptedBatch,
  AcceptedTask,
  AttemptView,
  BatchView,
  CancelledTask,
  CreateTask,
  CreateTaskBatch,
  EventView,
  LogView,
  RetryTask,
  ReviseTask,
  TaskStatusFilter,
  TaskView,
} from './tasks.contract.js';
import { TasksService } from './tasks.service.js';

const ListQuery = PageQuery.extend({
  ...TASK_FILTER,
  status: TaskStatusFilter.optional(),
  worker_id: z.string().optional(),
  q: z
    .string()
    .min(1)
    .max(255)
    .optional()
    .describe('Text in ids, tags or the error; case ignored in the error'),
});
type ListQuery = z.output<typeof ListQuery>;
type PageQuery = z.output<typeof PageQuery>;

const IDEMPOTENCY_HEADERS = {
  'Idempotency-Replayed': '`true` when this is the first answer to the key, again',
};

@ApiTags('Tasks')
@Controller('api/tasks')
export class TasksController {
  constructor(
    private readonly tasks: TasksService,
    private readonly control: TaskControlService,
  ) {}

  @Post()
  @Returns(HttpStatus.ACCEPTED, AcceptedTask, {
    summary: 'Submit a task of any type',
    headers: IDEMPOTENCY_HEADERS,
    also: { 200: 'A task with this unique_key is there already; nothing was created' },
  })
  @Faults(...SUBMIT_FAULTS, 'task.type_unknown', 'payload.unstorable', 'dependency.unknown')
  async create(
    @Scope() scope: TenantScope,
    @Body({ schema: CreateTask }) body: CreateTask,
    @IdempotencyKey() idempotencyKey: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return answerAccepted(reply, await this.tasks.submit(scope, body, { idempotencyKey }));
  }

  @Post('batch')
  @Returns(HttpStatus.ACCEPTED, AcceptedBatch, {
    summary: 'Submit up to 1,000 tasks, all or nothing',
    headers: IDEMPOTENCY_HEADERS,
  })
  @Faults(...SUBMIT_FAULTS, 'task.type_unknown', 'payload.unstorable', 'dependency.unknown')
  async createBatch(
    @Scope() scope: TenantScope,
    @Body({ schema: CreateTaskBatch }) body: z.output<typeof CreateTaskBatch>,
    @IdempotencyKey() idempotencyKey: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return answerBatch(reply, await this.tasks.submitBatch(scope, body, { idempotencyKey }));
  }

  @Get()
  @Returns(HttpStatus.OK, pageOf(TaskView), { summary: 'List tasks, newest first' })
  async list(@Scope() scope: TenantScope, @Query({ schema: ListQuery }) query: ListQuery) {
    const { limit, cursor, ...filter } = query;
    const before = decodeCursor(cursor, z.uuid());
    const rows = await this.control.list(scope, filter, limit + 1, before);
    return toPage(rows, limit, ({ task_id }) => task_id);
  }

  @Get(':task_id')
  @Returns(HttpStatus.OK, TaskView, { summary: 'One task, by its id or its own name' })
  @Faults('task.not_found')
  get(@Scope() scope: TenantScope, @Param('task_id') name: string) {
    return this.control.get(scope, name);
  }

  @Get(':task_id/attempts')
  @Returns(HttpStatus.OK, pageOf(AttemptView), { summary: 'Every attempt that ended, oldest first' })
  @Faults('task.not_found')
  async attempts(
    @Scope() scope: TenantScope,
    @Param('task_id') name: string,
    @Query({ schema: PageQuery }) query: PageQuery,
  ) {
    const after = decodeCursor(query.cursor, z.int());
    const rows = await this.control.attempts(scope, name, query.limit + 1, after);
    return toPage(rows, query.limit, ({ epoch }) => epoch);
  }

  @Get(':task_id/events')
  @Returns(HttpStatus.OK, pageOf(EventView), { summary: 'The history, oldest first' })
  @Faults('task.not_found')
  async events(
    @Scope() scope: TenantScope,
    @Param('task_id') name: string,
    @Query({ schema: PageQuery }) query: PageQuery,
  ) {
    const after = decodeCursor(query.cursor, HistoryPlace);
    const entries = await this.control.history(scope, name, query.limit + 1, after);
    const { data, next_cursor } = toPage(entries, query.limit, ({ place }) => place);
    return { data: data.map(({ view }) => view), next_cursor };
  }

  @Get(':task_id/logs')
  @Returns(HttpStatus.OK, pageOf(LogView), { summary: 'What the handler logged, oldest first' })
  @Faults('task.not_found')
  async logs(
    @Scope() scope: TenantScope,
    @Param('task_id') name: string,
    @Query({ schema: PageQuery }) query: PageQuery,
  ) {
    const after = decodeCursor(query.cursor, z.string().regex(/^\d{1,19}$/));
    const rows = await this.control.logs(
      scope,
      name,
      query.limit + 1,
      after === undefined ? undefined : BigInt(after),
    );
    const { data, next_cursor } = toPage(rows, query.limit, ({ id }) => id.toString());
    return { data: data.map(({ view }) => view), next_cursor };
  }

  @Patch(':task_id')
  @Returns(HttpStatus.OK, TaskView, { summary: 'Give a waiting task another priority or time' })
  @Faults('task.not_found', 'task.not_waiting')
  revise(
    @Scope() scope: TenantScope,
    @Param('task_id') name: string,
    @Body({ schema: ReviseTask }) body: ReviseTask,
  ) {
    return this.control.revise(scope, name, body);
  }

  @Post(':task_id/cancel')
  @Returns(HttpStatus.OK, CancelledTask, { summary: 'Cancel waiting work, or ask running work to stop' })
  @Faults('task.not_found', 'task.not_cancellable')
  cancel(@Scope() scope: TenantScope, @Param('task_id') name: string) {
    return this.control.cancel(scope, name);
  }

  @Post(':task_id/retry')
  @Returns(HttpStatus.ACCEPTED, TaskView, {
    summary: 'Run a failed or cancelled task again, with another payload if given',
  })
  @Faults('task.not_found', 'task.not_retryable', 'payload.unstorable')
  retry(
    @Scope() scope: TenantScope,
    @Param('task_id') name: string,
    @Body({ schema: RetryTask.default({}) }) body: z.output<typeof RetryTask>,
  ) {
    return this.control.retry(scope, name, body.payload);
  }
}

@ApiTags('Tasks')
@Controller('api/batches')
export class BatchesController {
  constructor(private readonly control: TaskControlService) {}

  @Get(':batch_id')
  @Returns(HttpStatus.OK, BatchView, { summary: 'How many tasks of a batch are in each status' })
  @Faults('batch.not_found')
  get(@Scope() scope: TenantScope, @Param('batch_id', { schema: z.uuid() }) id: string) {
    return this.control.batch(scope, id);
  }
}
