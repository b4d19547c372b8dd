import type { z } from 'zod';
import {
  SchedulePreview,
  ScheduleView,
  type CreateSchedule,
  type PreviewSchedule,
  type ReplaceSchedule,
  type UpdateSchedule,
} from '../schedules/schedules.contract.js';
import { AcceptedTask } from '../tasks/tasks.contract.js';
import type { CallOptions, HttpCalls } from './http-calls.js';
import { pageOf, type PageOptions } from './page.js';

/** Tasks that come again. `name` is a schedule's name or id. */
export class ScheduleCalls {
  constructor(private readonly calls: HttpCalls) {}

  create(schedule: z.input<typeof CreateSchedule>, options: CallOptions = {}) {
    const call = { ...options, method: 'POST', json: schedule, creates: true } as const;
    return this.calls.json('/api/schedules', ScheduleView, call);
  }

  /** Creates it, or makes it what is given. */
  replace(name: string, schedule: z.input<typeof ReplaceSchedule>, options: CallOptions = {}) {
    return this.calls.json(pathOf(name), ScheduleView, { ...options, method: 'PUT', json: schedule });
  }

  /** What is not given stays. */
  update(name: string, patch: z.input<typeof UpdateSchedule>, options: CallOptions = {}) {
    return this.calls.json(pathOf(name), ScheduleView, { ...options, method: 'PATCH', json: patch });
  }

  get(name: string, options: CallOptions = {}) {
    return this.calls.json(pathOf(name), ScheduleView, options);
  }

  /** Newest first. */
  list(page: PageOptions = {}, options: CallOptions = {}) {
    return this.calls.json('/api/schedules', pageOf(ScheduleView), { ...options, query: { ...page } });
  }

  /** Its tasks stay. */
  async delete(name: string, options: CallOptions = {}): Promise<void> {
    await this.calls.text(pathOf(name), { ...options, method: 'DELETE' });
  }

  /** When it is due next, paused or not. @param count 1 to 100; 5 when absent */
  next(name: string, count?: number, options: CallOptions = {}) {
    return this.calls.json(`${pathOf(name)}/next`, SchedulePreview, { ...options, query: { count } });
  }

  /** When an expression would be due, without a schedule. */
  preview(request: z.input<typeof PreviewSchedule>, options: CallOptions = {}) {
    const call = { ...options, method: 'POST', json: request, reads: true } as const;
    return this.calls.json('/api/schedules/preview', SchedulePreview, call);
  }

  pause(name: string, options: CallOptions = {}) {
    return this.calls.json(`${pathOf(name)}/pause`, ScheduleView, { ...options, method: 'POST' });
  }

  resume(name: string, options: CallOptions = {}) {
    return this.calls.json(`${pathOf(name)}/resume`, ScheduleView, { ...options, method: 'POST' });
  }

  /** Submits its task now, beside its ticks. */
  run(name: string, options: CallOptions = {}) {
    return this.calls.json(`${pathOf(name)}/run`, AcceptedTask, {
      ...options,
      method: 'POST',
      creates: true,
    });
  }
}

function pathOf(name: string): string {
  return `/api/schedules/${encodeURIComponent(name)}`;
}
