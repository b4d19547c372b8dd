import {
  Body,
  Controller,
  Delete,
  Get,
  HttpStatus,
  Param,
  Patch,
  Post,
  Put,
  Query,
  Res,
} from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { IdempotencyKey } from '../http/idempotency-key.decorator.js';
import { PageQuery, decodeCursor, pageOf, toPage } from '../http/page.js';
import { Faults, Returns } from '../http/returns.decorator.js';
import { parse } from '../http/validation.js';
import type { TenantScope } from '../kernel/tenant-scope.js';
import { SUBMIT_FAULTS, answerAccepted } from '../tasks/accepted.js';
import { AcceptedTask } from '../tasks/tasks.contract.js';
import { Scope } from '../tenants/tenant-scope.decorator.js';
import { ScheduleRunsService } from './schedule-runs.service.js';
import {
  CreateSchedule,
  PreviewSchedule,
  ReplaceSchedule,
  ScheduleName,
  SchedulePreview,
  ScheduleView,
  UpdateSchedule,
} from './schedules.contract.js';
import { SchedulesService } from './schedules.service.js';

/** A UUID has to be there; any other name may come to be. */
const NameOrId = z.union([z.uuid(), ScheduleName]);
const NextQuery = z.strictObject({
  count: z.coerce.number().int().min(1).max(100).default(5).describe('How many'),
});

const REFUSED = [
  'task.type_unknown',
  'payload.unstorable',
  'callback.unavailable',
  'callback.forbidden',
] as const;

@ApiTags('Schedules')
@Controller('api/schedules')
export class SchedulesController {
  constructor(
    private readonly schedules: SchedulesService,
    private readonly runs: ScheduleRunsService,
  ) {}

  @Post()
  @Returns(HttpStatus.CREATED, ScheduleView, {
    summary: 'Submit a task again and again, by a cron expression',
  })
  @Faults(...REFUSED, 'schedule.exists', 'idempotency.mismatch', 'idempotency.in_flight')
  async create(
    @Scope() scope: TenantScope,
    @Body({ schema: CreateSchedule }) body: CreateSchedule,
    @IdempotencyKey() idempotencyKey: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { answer, replayed } = await this.schedules.create(scope, body, idempotencyKey);
    void reply.header('location', answer.links.self);
    if (replayed) void reply.header('idempotency-replayed', 'true');
    return answer;
  }

  @Post('preview')
  @Returns(HttpStatus.OK, SchedulePreview, { summary: 'When an expression would be due, without a schedule' })
  preview(@Body({ schema: PreviewSchedule }) body: PreviewSchedule) {
    return this.schedules.preview(body);
  }

  @Get()
  @Returns(HttpStatus.OK, pageOf(ScheduleView), { summary: 'List schedules, newest first' })
  async list(@Scope() scope: TenantScope, @Query({ schema: PageQuery }) query: z.output<typeof PageQuery>) {
    const rows = await this.schedules.list(scope, query.limit + 1, decodeCursor(query.cursor, z.uuid()));
    return toPage(rows, query.limit, ({ schedule_id }) => schedule_id);
  }

  @Get(':name')
  @Returns(HttpStatus.OK, ScheduleView, { summary: 'One schedule, by its id or name' })
  @Faults('schedule.not_found')
  get(@Scope() scope: TenantScope, @Param('name') name: string) {
    return this.schedules.get(scope, name);
  }

  @Put(':name')
  @Returns(HttpStatus.OK, ScheduleView, {
    summary: 'Make a schedule what is given, whether or not it was there',
    also: { 201: 'It was not there, and is now' },
  })
  @Faults(...REFUSED, 'schedule.exists')
  async replace(
    @Scope() scope: TenantScope,
    @Param('name') name: string,
    @Body({ schema: ReplaceSchedule }) body: ReplaceSchedule,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { created, view } = await this.schedules.replace(scope, parse(NameOrId, name, ['name']), body);
    if (created) void reply.status(HttpStatus.CREATED).header('location', view.links.self);
    return view;
  }

  @Patch(':name')
  @Returns(HttpStatus.OK, ScheduleView, { summary: 'Change what is given; the rest stays' })
  @Faults(...REFUSED, 'schedule.not_found', 'schedule.exists')
  update(
    @Scope() scope: TenantScope,
    @Param('name') name: string,
    @Body({ schema: UpdateSchedule }) body: UpdateSchedule,
  ) {
    return this.schedules.update(scope, name, body);
  }

  @Delete(':name')
  @Returns(HttpStatus.NO_CONTENT, null, { summary: 'Delete a schedule; its tasks stay' })
  @Faults('schedule.not_found')
  async delete(@Scope() scope: TenantScope, @Param('name') name: string): Promise<void> {
    await this.schedules.delete(scope, name);
  }

  @Get(':name/next')
  @Returns(HttpStatus.OK, SchedulePreview, { summary: 'When it is due next, paused or not' })
  @Faults('schedule.not_found')
  next(
    @Scope() scope: TenantScope,
    @Param('name') name: string,
    @Query({ schema: NextQuery }) { count }: z.output<typeof NextQuery>,
  ) {
    return this.schedules.next(scope, name, count);
  }

  @Post(':name/pause')
  @Returns(HttpStatus.OK, ScheduleView, { summary: 'Let its ticks pass; running tasks go on' })
  @Faults('schedule.not_found')
  pause(@Scope() scope: TenantScope, @Param('name') name: string) {
    return this.schedules.update(scope, name, { paused: true });
  }

  @Post(':name/resume')
  @Returns(HttpStatus.OK, ScheduleView, { summary: 'Go on with the next tick; those of the pause are gone' })
  @Faults('schedule.not_found')
  resume(@Scope() scope: TenantScope, @Param('name') name: string) {
    return this.schedules.update(scope, name, { paused: false });
  }

  @Post(':name/run')
  @Returns(HttpStatus.ACCEPTED, AcceptedTask, { summary: 'Submit its task now, beside its ticks' })
  @Faults(...SUBMIT_FAULTS, ...REFUSED, 'schedule.not_found', 'schedule.overlap')
  async run(
    @Scope() scope: TenantScope,
    @Param('name') name: string,
    @IdempotencyKey() idempotencyKey: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return answerAccepted(reply, await this.runs.run(scope, name, idempotencyKey));
  }
}
