import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DocumentResult } from '../../src/documents/documents.contract.js';
import type { BadFile } from '../support/bad-file.js';
import { hostileFiles, mistakenFiles } from '../support/hostile-files.js';
import { eventually } from '../support/eventually.js';
import { Deployment, type IntakeProcess } from '../support/processes.js';

/** What may need the clock to end takes minutes under the limits of production; test/security has it under short ones. */
const endsSoon = ({ name, faults }: BadFile) =>
  name.startsWith('bomb') || !faults.includes('sandbox.timeout');
const FILES = [...mistakenFiles(), ...hostileFiles().filter(endsSoon)];

describe('bad files through the API', () => {
  let deployment: Deployment;
  let worker: IntakeProcess;

  beforeAll(async () => {
    deployment = await Deployment.start('postgres');
    ({ worker } = deployment);
  });

  afterAll(() => deployment?.stop());

  const submit = async ({ name, bytes }: Pick<BadFile, 'name' | 'bytes'>) => {
    const form = new FormData();
    form.set('document_id', name.slice(-40));
    form.set('user_id', '7');
    form.set('file', new Blob([bytes]), name);
    const response = await fetch(`${deployment.url}/api/documents`, { method: 'POST', body: form });
    return ((await response.json()) as { task_id: string }).task_id;
  };

  const run = async (file: Pick<BadFile, 'name' | 'bytes'>) =>
    deployment.client.waitFor(await submit(file), { timeoutMs: 150_000 });

  const residentPages = () => Number(readFileSync(`/proc/${worker.pid}/statm`, 'utf8').split(' ')[1]);

  it('ends each in its documented way and lets the next one run', { timeout: 400_000 }, async () => {
    await run({ name: 'first.txt', bytes: Buffer.from('A good file.') });
    const before = residentPages();
    for (const file of FILES) {
      const task = await run(file);
      const said = { file: file.name.slice(-40), status: task.status, code: task.error?.code };
      if (file.faults.length > 0) {
        expect(said).toEqual({
          ...said,
          status: 'failed',
          code: expect.stringMatching(file.faults.join('|')),
        });
        expect([task.reason, task.attempts]).toEqual(['permanent', 1]);
      } else {
        expect(said).toEqual({ ...said, status: 'completed', code: undefined });
        const warnings = DocumentResult.parse(task.result).warnings.map(({ code }) => code);
        if (file.warning) expect(warnings).toContain(file.warning);
      }
    }
    expect((await run({ name: 'last.txt', bytes: Buffer.from('Another good file.') })).status).toBe(
      'completed',
    );
    expect(worker.alive).toBe(true);
    expect(residentPages()).toBeLessThan(before * 2);
  });

  it('lets one be cancelled that would be read for minutes, and kills the child that reads it', async () => {
    const endless = hostileFiles().find(({ faults }) => faults.join() === 'sandbox.timeout');
    if (!endless) throw new Error('no file keeps its reader busy');
    const taskId = await submit(endless);
    const reader = await eventually(() => busyChild(worker.pid), { timeoutMs: 30_000 });
    await deployment.client.tasks.cancel(taskId);
    const task = await deployment.client.waitFor(taskId, { timeoutMs: 30_000 });
    expect(task.status).toBe('cancelled');
    await eventually(() => !existsSync(`/proc/${reader}`), { timeoutMs: 30_000 });
    expect(worker.alive).toBe(true);
  });
});

/** The child of a process that has computed for a second and more; time is counted in hundredths. */
function busyChild(parent: number): number | undefined {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map(Number).find((pid) => {
    try {
      // After the name in brackets: state, parent, …, and at places 11 and 12 the time in user and system mode.
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
      return Number(fields[1]) === parent && Number(fields[11]) + Number(fields[12]) > 100;
    } catch {
      return false; // it ended meanwhile
    }
  });
}
