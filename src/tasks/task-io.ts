import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { Clock } from '../kernel/clock.js';
import type { Json } from '../kernel/json.js';

/** What an attempt touches outside of its task. */
@Injectable()
export class TaskIo {
  constructor(
    readonly database: Database,
    readonly clock: Clock,
  ) {}

  line(message: string, data?: Record<string, Json>) {
    return { level: 'info' as const, message, data, at: new Date(this.clock.wallMs()).toISOString() };
  }
}
