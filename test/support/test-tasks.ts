import { setTimeout as wait } from 'node:timers/promises';
import { Module } from '@nestjs/common';
import { z } from 'zod';
import { Fault } from '../../src/kernel/fault.js';
import { defineTask } from '../../src/tasks/define-task.js';
import { Handles, type TaskHandler, type TaskRun } from '../../src/tasks/task-handler.js';
import { completed, rejected, snoozed } from '../../src/tasks/task-outcome.js';
import { provideTask } from '../../src/tasks/task-registry.js';

/** A task that behaves as its payload says. */
export const Scripted = defineTask({
  type: 'test.scripted',
  queue: 'default',
  payload: z.object({
    does: z
      .enum([
        'complete',
        'throw',
        'reject',
        'snooze',
        'sleep',
        'ignore_stop',
        'kill',
        'nul',
        'effect',
        'busy',
        'gate',
        'odd',
        'later',
      ])
      .default('complete'),
    times: z.int().default(1),
    ms: z.int().default(0),
    value: z.json().optional(),
    gate: z.string().default(''),
  }),
  result: z.json(),
  concurrency: 64,
});

type Run = TaskRun<typeof Scripted>;

/** What handlers did, for tests that run them in their own process. */
export const ran: Array<{ taskId: string; attempt: number }> = [];
export const timesRan = (id: string) => ran.filter(({ taskId }) => taskId === id).length;
/** What `effects` answered to handlers that waited at a gate. */
export const refused: Array<{ taskId: string; error: unknown }> = [];

const gates = new Map<string, Promise<void>>();

/** Handlers that do `gate` with this name wait, deaf to their signal, until it is opened. */
export function closeGate(name: string): () => void {
  let open: () => void = () => undefined;
  gates.set(name, new Promise<void>((resolve) => (open = resolve)));
  return () => {
    gates.delete(name);
    open();
  };
}

@Handles(Scripted)
export class ScriptedHandler implements TaskHandler<typeof Scripted> {
  async handle(run: Run) {
    const { does, times, ms, value } = run.payload;
    ran.push({ taskId: run.taskId, attempt: run.attempt });
    const isFirst = timesRan(run.taskId) <= times;
    if (does === 'kill') await wait(ms).then(() => process.kill(process.pid, 'SIGKILL'));
    if (does === 'throw' && run.attempt <= times) throw new Error('the script says so');
    if (does === 'later' && isFirst)
      throw new Fault('storage.unavailable', 'later', { retryAfterSeconds: ms / 1_000 });
    if (does === 'reject') return rejected('document.corrupt', 'the script says so');
    if (does === 'snooze' && isFirst) return snoozed(ms);
    if (does === 'sleep') await wait(ms, undefined, { signal: run.signal });
    if (does === 'ignore_stop') await wait(ms);
    if (does === 'busy') block(ms);
    if (does === 'nul') return completed({ value: 'a\0b' });
    if (does === 'odd') return odd(run);
    if (does === 'gate' && isFirst) await passGate(run);
    if (does === 'effect') await effect(run);
    run.progress(1, 'done');
    return completed(value ?? null);
  }
}

function odd(run: Run) {
  const circular: { self?: unknown } = {};
  circular.self = circular;
  if (run.payload.value === 'bigint') return completed({ n: 10n } as never);
  if (run.payload.value === 'circular') return completed(circular as never);
  if (run.payload.value === 'nothing') return undefined as never;
  if (run.payload.value === 'log') run.log('a\0b \ud800', { deep: ['c\0d'] });
  if (run.payload.value === 'progress') run.progress(0.5, 'a\0b');
  if (run.payload.value === 'error') return rejected('document.corrupt', 'a\0b \ud800');
  return completed(null);
}

async function passGate(run: Run): Promise<void> {
  await gates.get(run.payload.gate);
  await effect(run).catch((error: unknown) => {
    refused.push({ taskId: run.taskId, error });
  });
}

function effect(run: Run): Promise<void> {
  const data = { taskId: run.taskId, tenantId: run.scope.tenantId, kind: 'test_effect' };
  return run.effects((tx) => tx.taskEvent.create({ data }).then(() => undefined));
}

function block(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

@Module({ providers: [provideTask(Scripted)] })
export class TestTasksModule {}

@Module({ imports: [TestTasksModule], providers: [ScriptedHandler] })
export class TestHandlersModule {}
