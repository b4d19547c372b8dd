import { Injectable } from '@nestjs/common';
import { Fault } from '../kernel/fault.js';
import type { TenantScope } from '../kernel/tenant-scope.js';
import { HOURS_KEPT_DAYS, MINUTES_KEPT_HOURS } from './stats.sql.js';
import { TaskStatsRepository, type Count, type HistoryStep } from './task-stats.repository.js';

export type { Count, HistoryStep } from './task-stats.repository.js';

export const MAX_POINTS = 1_500;
const DEFAULT_POINTS = 60;
const HOUR_S = 3_600;

export interface TaskCounts {
  /** Depths (`depth.queued`) and cumulative counters (`total.failed`) of each queue. */
  sinceEver: Count[];
  /** Counters and histograms (`wait.7`, see DURATION_BOUNDS_MS) of the last minutes, the current one included. */
  recent: Count[];
  /** By queue: how long the task that could have run for longest waits. */
  oldestSeconds: Map<string, number>;
}

export interface HistoryRequest {
  from?: string;
  to?: string;
  /** A multiple of 60. */
  stepSeconds: number;
}

export interface TaskHistory {
  from: Date;
  to: Date;
  /** Only those steps that saw a change. */
  steps: HistoryStep[];
}

/** What the counters of a tenant say: cheap reads, whatever the size of the task table. */
@Injectable()
export class TaskStatsService {
  constructor(private readonly counters: TaskStatsRepository) {}

  /** One statement: everything in it is of the same moment. */
  async read(scope: TenantScope, queues: readonly string[], minutes: number): Promise<TaskCounts> {
    const counts = await this.counters.counts(scope, queues, minutes);
    const oldest = counts.filter(({ span }) => span === 'oldest');
    return {
      sinceEver: counts.filter(({ span }) => span === 'ever'),
      recent: counts.filter(({ span }) => span === 'recent'),
      oldestSeconds: new Map(oldest.map(({ queue, amount }) => [queue, Math.max(0, amount)])),
    };
  }

  /**
   * The past in steps, from the counters alone: tasks may be gone. Steps of whole hours reach back 90 days, others 48 h.
   * Times are moved outwards onto the grid of the steps; without them it is the last 60 steps.
   * @throws Fault `request.invalid`
   */
  async history(
    scope: TenantScope,
    queues: readonly string[],
    { stepSeconds, ...asked }: HistoryRequest,
  ): Promise<TaskHistory> {
    const now = await this.counters.now();
    const by = stepSeconds % HOUR_S === 0 ? 'hour' : 'minute';
    const range = { by, queues, stepSeconds, ...rangeOf(asked, stepSeconds, now.getTime()) } as const;
    refuseForgotten(range.from, by, now.getTime(), stepSeconds);
    return { from: range.from, to: range.to, steps: await this.counters.history(scope, range) };
  }
}

function rangeOf(asked: { from?: string; to?: string }, stepSeconds: number, nowMs: number) {
  const stepMs = stepSeconds * 1_000;
  const endMs = asked.to === undefined ? nowMs : Math.min(Date.parse(asked.to), nowMs);
  const toMs = Math.ceil(endMs / stepMs) * stepMs;
  const startMs = asked.from === undefined ? toMs - DEFAULT_POINTS * stepMs : Date.parse(asked.from);
  const fromMs = Math.floor(startMs / stepMs) * stepMs;
  const points = (toMs - fromMs) / stepMs;
  if (points < 1) refuse('from', 'must lie before `to`, and before now');
  if (points > MAX_POINTS) {
    refuse('step', `would make ${points} points of it; ${MAX_POINTS} are allowed: take a larger step`);
  }
  return { from: new Date(fromMs), to: new Date(toMs) };
}

/** Beyond its memory a history would tell zeros and wrong depths. */
function refuseForgotten(from: Date, by: 'minute' | 'hour', nowMs: number, stepSeconds: number): void {
  const keptHours = by === 'minute' ? MINUTES_KEPT_HOURS : HOURS_KEPT_DAYS * 24;
  if (from.getTime() >= nowMs - keptHours * HOUR_S * 1_000 - stepSeconds * 1_000) return;
  const fix = by === 'minute' ? `; a step of whole hours reaches back ${HOURS_KEPT_DAYS} days` : '';
  refuse('from', `is before what is kept for this step, ${keptHours} hours${fix}`);
}

function refuse(path: string, message: string): never {
  throw new Fault('request.invalid', 'The range cannot be answered. See `errors`.', {
    errors: [{ path, message }],
  });
}
