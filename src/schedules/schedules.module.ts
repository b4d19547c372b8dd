// owns: schedules and their ticks. promises: one task per tick however many processes sweep; a tick that is refused is
// kept, tried again and shown. never: runs anything; a tick only submits.
import { Module } from '@nestjs/common';
import { TasksModule } from '../tasks/tasks.module.js';
import { ScheduleRunsService } from './schedule-runs.service.js';
import { SchedulesController } from './schedules.controller.js';
import { SchedulesRepository } from './schedules.repository.js';
import { SchedulesService } from './schedules.service.js';
import { ScheduleSweep } from './schedules.sweep.js';

/** What every process does: decide what is due. */
@Module({
  imports: [TasksModule],
  providers: [SchedulesRepository, ScheduleSweep],
  exports: [SchedulesRepository],
})
export class SchedulesModule {}

@Module({
  imports: [SchedulesModule, TasksModule],
  controllers: [SchedulesController],
  providers: [ScheduleRunsService, SchedulesService],
})
export class SchedulesApiModule {}
