import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { IntakeClient } from '../../src/client/intake-client.js';
import type { WorkerView } from '../../src/queue/queue.contract.js';
import { Deployment, IntakeProcess } from '../support/processes.js';
import { eventually } from '../support/stack.js';

const PATIENT = { timeoutMs: 60_000, everyMs: 50 };

describe('worker processes', () => {
  let deployment: Deployment;
  let client: IntakeClient;

  beforeAll(async () => {
    deployment = await Deployment.start('postgres', {
      LOG_LEVEL: 'info',
      SHUTDOWN_TIMEOUT: '1',
      WORKER_ID: 'first',
    });
    ({ client } = deployment);
    // The queue is known and the rest is up to the tests: this one is drained.
    await client.queue.drainWorker('first');
    await eventually(() => !deployment.worker.alive, PATIENT);
  });

  afterAll(() => deployment?.stop());

  let begunAt: string;
  beforeEach(async () => {
    begunAt = (await client.queue.workers()).data[0]?.started_at ?? '';
  });

  const start = async (own: Record<string, string>) => {
    const worker = await IntakeProcess.start('worker', { ...deployment.variables, ...own });
    deployment.processes.push(worker);
    return worker;
  };
  const submit = async (more: Record<string, unknown> = {}, sleep_ms = 0) => {
    const { task_id } = await client.tasks.submit({
      type: 'diagnostics.echo',
      payload: { sleep_ms },
      ...more,
    });
    return task_id;
  };
  const statusOf = async (id: string) => (await client.tasks.get(id)).status;
  const living = async (): Promise<WorkerView[]> => {
    const { data } = await client.queue.workers({ limit: 200 });
    return data.filter(({ pid, started_at }) => started_at > begunAt && isAlive(pid));
  };
  const running = (id: string) => eventually(async () => (await statusOf(id)) === 'processing', PATIENT);

  it('leave when an operator drains them, and are not listed any more', async () => {
    expect(deployment.worker.exitCode).toBe(0);
    expect((await client.queue.workers()).data).toEqual([]);
  });

  it('in a burst end when all that could run has run, and say with --strict that a task failed', async () => {
    const done = await Promise.all(Array.from({ length: 20 }, () => submit({}, 20)));
    const soon = await submit({ delay_ms: 2_000 });
    const later = await submit({ delay_ms: 3_600_000 });
    const burst = await start({ BURST_MODE: 'true', BURST_STRICT: 'true' });
    expect(await burst.exit()).toBe(0);
    for (const id of [...done, soon]) expect(await statusOf(id)).toBe('completed');
    expect(await statusOf(later)).toBe('scheduled');

    const bad = await submit({ max_attempts: 1, timeout_ms: 100 }, 60_000);
    const strict = await start({ BURST_MODE: 'true', BURST_STRICT: 'true', WORKER_PROCESSES: '2' });
    expect(await strict.exit()).toBe(1);
    expect(await statusOf(bad)).toBe('failed');
  }, 120_000);

  it('come several at once: the dead return, the drained stay away, and none outlives its parent', async () => {
    const fleet = await start({ WORKER_PROCESSES: '2', WORKER_ID: 'press' });
    const names = async () => (await living()).map(({ worker_id }) => worker_id).toSorted();
    expect(await names()).toEqual(['press-1', 'press-2']);
    const [killed, spared] = await living();
    process.kill(killed.pid, 'SIGKILL');
    await eventually(async () => (await living()).some(({ pid }) => pid !== spared.pid), PATIENT);
    expect((await living()).map(({ pid }) => pid)).toContain(spared.pid);

    const id = await submit({}, 600_000);
    await running(id);
    const holder = (await client.tasks.get(id)).worker_id ?? '';
    expect(await client.queue.drainWorker(holder)).toMatchObject({ status: 'draining' });
    await eventually(async () => !(await names()).includes(holder), PATIENT);
    // It was given back, and the one that is left has it now. That one goes when the parent is told to.
    await running(id);
    expect((await client.tasks.get(id)).worker_id).not.toBe(holder);
    expect(await fleet.kill('SIGTERM')).toBe(0);
    expect(await living()).toEqual([]);
    expect(await client.tasks.get(id)).toMatchObject({ attempts: 0, crashes: 0 });

    const orphaned = await start({ WORKER_PROCESSES: '2' });
    expect(await living()).toHaveLength(2);
    await orphaned.kill('SIGKILL');
    await eventually(async () => (await living()).length === 0, PATIENT);
    await client.tasks.cancel(id);
  }, 120_000);

  it('that wait for Postgres say so, and end when they are told to', async () => {
    const variables = { ...deployment.variables, DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nothing' };
    const waiting = IntakeProcess.launch('worker', variables);
    deployment.processes.push(waiting);
    await eventually(() => waiting.output.includes('waits for Postgres'), PATIENT);
    expect(await waiting.kill('SIGTERM')).toBe(0);
  }, 120_000);
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
