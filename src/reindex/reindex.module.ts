// owns: re-indexes: filling a new collection while the old one serves, comparing, switching, going back.
// promises: whoever dies, the next attempt goes on; nothing is missing once it switched. never: knows what is embedded.
import { Module } from '@nestjs/common';
import { Clock } from '../kernel/clock.js';
import { TasksModule } from '../tasks/tasks.module.js';
import { VectorsModule } from '../vectors/vectors.module.js';
import { ReindexJudge } from './reindex-judge.js';
import { ReindexRunsRepository } from './reindex-runs.repository.js';
import { ReindexWalk } from './reindex-walk.js';
import { Reindexer, ReindexSteps } from './reindexer.js';

@Module({
  imports: [TasksModule, VectorsModule],
  providers: [Clock, ReindexJudge, ReindexRunsRepository, ReindexSteps, ReindexWalk, Reindexer],
  exports: [Reindexer],
})
export class ReindexModule {}
