import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { exampleOf, scriptedApi } from '../../test/support/scripted-api.js';
import { AcceptedTask, TaskView } from '../tasks/tasks.contract.js';

const { answers, asked, intake } = scriptedApi();
const task = TaskView.parse(exampleOf(TaskView));
const accepted = AcceptedTask.parse(exampleOf(AcceptedTask));
const running: TaskView = {
  ...task,
  status: 'processing',
  progress: { fraction: 0.5, message: 'embedding' },
  finished_at: null,
};

const acceptedBatch = (batch_id: string) => ({ status: 202, body: { batch_id, task_ids: [], links: {} } });

function batchCounts(batch_id: string, counts: { completed: number; failed?: number }) {
  const total = counts.completed + (counts.failed ?? 0);
  const rest = { remaining: 0, finished: true, generation: 1, callback_url: null };
  return { body: { batch_id, total, counts, ...rest, created_at: task.created_at } };
}

describe('enqueue', () => {
  it('sends what the line says, with the payload from a file', async () => {
    const file = join(tmpdir(), `intake-cli-${process.pid}.json`);
    writeFileSync(file, '{"document_id":"d"}');
    answers['POST /api/tasks'] = [{ status: 202, body: accepted }];
    const { code, out } = await intake([
      'enqueue',
      '--type',
      'documents.process',
      '--payload',
      `@${file}`,
      '--priority',
      'HIGH',
    ]);
    rmSync(file);
    expect(code).toBe(0);
    expect(asked[0]?.body).toEqual({ type: 'documents.process', payload: { document_id: 'd' }, priority: 3 });
    expect(out).toContain(accepted.task_id);
  });

  it('watches until the task is done and draws how far it is', async () => {
    answers['POST /api/tasks'] = [{ status: 202, body: accepted }];
    answers[`GET /api/tasks/${accepted.task_id}`] = [{ body: running }, { body: task }];
    const { code, out, drawn } = await intake(['enqueue', '--type', 't', '--watch'], { isTty: true });
    expect(code).toBe(0);
    expect(out).toMatch(/^status +completed$/m);
    expect(drawn).toEqual([
      `[${'#'.repeat(12)}${'.'.repeat(12)}]  50 %  embedding`,
      `[${'#'.repeat(24)}] 100 %  storing`,
      '',
    ]);
  });

  it('is exit code 1 when the watched task fails, and draws nothing into a pipe', async () => {
    answers['POST /api/tasks'] = [{ status: 202, body: accepted }];
    const error = {
      code: 'document.encrypted',
      message: 'It has a password',
      retryable: false,
      fingerprint: null,
    };
    answers[`GET /api/tasks/${accepted.task_id}`] = [
      { body: { ...task, status: 'failed', reason: 'permanent', error } },
    ];
    const { code, out, drawn } = await intake(['enqueue', '--type', 't', '--watch']);
    expect(code).toBe(1);
    expect(out).toMatch(/^status +failed \(permanent\)$/m);
    expect(out).toMatch(/^error +document.encrypted: It has a password$/m);
    expect(drawn).toEqual([]);
  });

  it('submits many in batches and watches their counts', async () => {
    const [first, second] = ['01990f2e-5b6c-7d10-9a55-0c2f6d1b7a11', '01990f2e-5b6c-7d10-9a55-0c2f6d1b7a12'];
    answers['POST /api/tasks/batch'] = [acceptedBatch(first), acceptedBatch(second)];
    answers[`GET /api/batches/${first}`] = [batchCounts(first, { completed: 1_000 })];
    answers[`GET /api/batches/${second}`] = [batchCounts(second, { completed: 498, failed: 2 })];
    const { code, out } = await intake(['enqueue', '--type', 't', '--count', '1500', '--watch']);
    expect(asked.slice(0, 2).map(({ body }) => (body as { tasks: unknown[] }).tasks.length)).toEqual([
      1_000, 500,
    ]);
    expect(code).toBe(1);
    expect(out.split('\n')).toEqual(['tasks      1500', 'completed  1498', 'failed     2', 'cancelled  0']);
  });
});
