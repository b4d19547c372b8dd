// owns: the operator's view of queues and workers. promises: answers within about a second whatever the tables hold
// and whatever is down but Postgres. never: counts task rows, or changes a task.
import { Module } from '@nestjs/common';
import { TasksModule } from '../tasks/tasks.module.js';
import { QueueController } from './queue.controller.js';
import { QueueService } from './queue.service.js';
import { QueueStatesRepository } from './queue-states.repository.js';
import { TransportUsage } from './transport-usage.js';
import { WorkersRepository } from './workers.repository.js';

@Module({
  imports: [TasksModule],
  controllers: [QueueController],
  providers: [QueueService, QueueStatesRepository, TransportUsage, WorkersRepository],
  exports: [QueueService],
})
export class QueueApiModule {}
