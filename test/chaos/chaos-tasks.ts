import { setTimeout as wait } from 'node:timers/promises';
import { Module } from '@nestjs/common';
import { z } from 'zod';
import type { Tx } from '../../src/database/transaction.js';
import { Fault } from '../../src/kernel/fault.js';
import { newId } from '../../src/kernel/ids.js';
import { defineTask } from '../../src/tasks/define-task.js';
import { Handles, type TaskHandler, type TaskRun } from '../../src/tasks/task-handler.js';
import { completed, rejected, snoozed } from '../../src/tasks/task-outcome.js';
import { provideTask } from '../../src/tasks/task-registry.js';

/** Work that leaves two marks within its effects: one that a second run replaces, and one that every run adds to. */
export const ChaosWork = defineTask({
  type: 'chaos.work',
  queue: 'chaos',
  payload: z.object({
    sleep_ms: z.int().default(0),
    /** How many of its attempts fail first. */
    fails: z.int().default(0),
    /** Comes back once, after this. */
    snooze_ms: z.int().default(0),
    rejects: z.boolean().default(false),
    /** Sleeps on when it is told to stop, and answers all the same. */
    stubborn: z.boolean().default(false),
  }),
  result: z.object({ run: z.uuid() }),
  concurrency: 24,
});

/** Where the handlers leave their marks; beside Intake's own tables, which know nothing of it. */
export const MARKS = `
CREATE SCHEMA chaos;
CREATE TABLE chaos.written (task_id uuid PRIMARY KEY, run uuid NOT NULL, epoch int NOT NULL);
CREATE TABLE chaos.appended (run uuid PRIMARY KEY, task_id uuid NOT NULL, epoch int NOT NULL);
CREATE TABLE chaos.snoozed (task_id uuid PRIMARY KEY)`;

const APPEND = `
INSERT INTO chaos.appended (run, task_id, epoch) SELECT $1::uuid, id, epoch FROM tasks WHERE id = $2::uuid`;
const WRITE = `
INSERT INTO chaos.written (run, task_id, epoch) SELECT $1::uuid, id, epoch FROM tasks WHERE id = $2::uuid
ON CONFLICT (task_id) DO UPDATE SET run = excluded.run, epoch = excluded.epoch`;
const SNOOZE_ONCE = `INSERT INTO chaos.snoozed (task_id) VALUES ($1::uuid) ON CONFLICT DO NOTHING`;

@Handles(ChaosWork)
export class ChaosWorkHandler implements TaskHandler<typeof ChaosWork> {
  async handle({ taskId, attempt, payload, signal, effects, progress, log }: TaskRun<typeof ChaosWork>) {
    const run = newId();
    log('begun', { run });
    progress(0.5, 'working');
    if (payload.sleep_ms) await wait(payload.sleep_ms, undefined, payload.stubborn ? {} : { signal });
    if (payload.snooze_ms && (await effects((tx) => isFirstTime(tx, taskId))))
      return snoozed(payload.snooze_ms);
    if (payload.rejects) return rejected('document.corrupt', 'as it was asked to');
    if (attempt <= payload.fails) throw new Error('as it was asked to');
    const marking = effects((tx) => leaveMarks(tx, taskId, run));
    await (payload.stubborn ? unlessLost(marking) : marking);
    return completed({ run });
  }
}

/** Its task went to somebody else meanwhile, and it will not hear of it. */
async function unlessLost(effects: Promise<void>): Promise<void> {
  try {
    await effects;
  } catch (error) {
    if (!Fault.is(error, 'lease.lost')) throw error;
  }
}

async function isFirstTime(tx: Tx, taskId: string): Promise<boolean> {
  return (await tx.$executeRawUnsafe(SNOOZE_ONCE, taskId)) === 1;
}

async function leaveMarks(tx: Tx, taskId: string, run: string): Promise<void> {
  await tx.$executeRawUnsafe(WRITE, run, taskId);
  await tx.$executeRawUnsafe(APPEND, run, taskId);
}

@Module({ providers: [provideTask(ChaosWork)] })
export class ChaosTasksModule {}

@Module({ imports: [ChaosTasksModule], providers: [ChaosWorkHandler] })
export class ChaosHandlersModule {}
