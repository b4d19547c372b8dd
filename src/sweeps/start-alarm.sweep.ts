import { Injectable, Logger } from '@nestjs/common';
import { Sweep } from '../kernel/sweep.js';
import { startAlarmRaised } from '../tasks/task-telemetry.js';
import { QueuesRepository } from './queues.repository.js';

/** Notices queues that nobody serves fast enough; once an episode, whichever process sees it first. */
@Injectable()
export class StartAlarmSweep extends Sweep {
  readonly name = 'start-alarm';
  readonly intervalMs = 10_000;
  private readonly logger = new Logger('start-alarm');

  constructor(private readonly queues: QueuesRepository) {
    super();
  }

  async runOnce(): Promise<Record<string, number>> {
    for (const { queue, raised, age_seconds, limit_seconds } of await this.queues.judgeStarts()) {
      if (!raised) {
        this.logger.log({ msg: 'tasks start in time again', queue });
        continue;
      }
      const oldest_age_seconds = Math.round(age_seconds ?? 0);
      this.logger.warn({ msg: 'tasks start too late', queue, oldest_age_seconds, limit_seconds });
      startAlarmRaised.publish({ queue });
    }
    return {};
  }
}
