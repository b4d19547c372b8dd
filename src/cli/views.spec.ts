import { describe, expect, it } from 'vitest';
import { exampleOf, scriptedApi } from '../../test/support/scripted-api.js';
import { Explanation } from '../tasks/explain.contract.js';
import { AttemptView, EventView, TaskView } from '../tasks/tasks.contract.js';
import { DeliveryView, WebhookSecret } from '../webhooks/webhooks.contract.js';

const { answers, intake } = scriptedApi();
const task = TaskView.parse(exampleOf(TaskView));
const running: TaskView = {
  ...task,
  status: 'processing',
  progress: { fraction: 0.5, message: 'embedding' },
  finished_at: null,
};

describe('reading', () => {
  it('prints as JSON exactly what the API says', async () => {
    answers[`GET /api/tasks/${task.task_id}`] = [{ body: task }];
    const { code, out } = await intake(['status', task.task_id, '--format', 'json']);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toEqual(task);
  });

  it('explains in words: a sentence, its place, and each reason with what to do', async () => {
    answers['GET /api/tasks/t/explain'] = [{ body: exampleOf(Explanation) }];
    const { code, out } = await intake(['explain', 't']);
    expect(code).toBe(0);
    expect(out.split('\n')).toEqual([
      'It waits (pending): the queue documents is paused',
      '',
      'place   4 in the tenant',
      'window  12 of 64',
      '',
      '1. The queue documents is paused (queue.paused)',
      '   since  2026-11-20 10:15:00',
      '   next   POST /api/queue/queues/documents/resume (or: intake resume documents)',
    ]);
  });

  it('shows a job with its attempts and its history', async () => {
    answers['GET /api/tasks/t'] = [{ body: task }];
    answers['GET /api/tasks/t/attempts?limit=200'] = [
      { body: { data: [exampleOf(AttemptView)], next_cursor: null } },
    ];
    const page = (next_cursor: string | null) => [{ body: { data: [exampleOf(EventView)], next_cursor } }];
    answers['GET /api/tasks/t/events?limit=200'] = page('c1');
    answers['GET /api/tasks/t/events?limit=200&cursor=c1'] = page(null);
    const { out } = await intake(['job', 't']);
    expect(out).toMatch(/^status +completed$/m);
    expect(out).toMatch(/^ +1 +failed +2026-11-20 10:15:00 +990 ms +machine1 +storage.unavailable/m);
    expect(out.match(/^2026-11-20 10:15:00 +claimed +{"epoch":1,"attempt":1}$/gm)).toHaveLength(2);
  });

  it('merges several statuses, newest first', async () => {
    const older = { ...task, task_id: '01990f2e-0000-7d10-9a55-0c2f6d1b7a10', status: 'failed' };
    answers['GET /api/tasks?limit=5&type=t&status=failed'] = [{ body: { data: [older], next_cursor: null } }];
    answers['GET /api/tasks?limit=5&type=t&status=active'] = [
      { body: { data: [running], next_cursor: null } },
    ];
    const { out } = await intake([
      'jobs',
      '--status',
      'failed,active',
      '--type',
      't',
      '--limit',
      '5',
      '--format',
      'json',
    ]);
    const { data } = JSON.parse(out) as { data: TaskView[] };
    expect(data.map(({ status }) => status)).toEqual(['processing', 'failed']);
  });

  it('follows logs without repeating a line, over pages, until the task is final', async () => {
    const line = (message: string) => ({
      at: task.created_at,
      level: 'info',
      message,
      data: null,
      attempt_epoch: 1,
    });
    const page = (messages: string[], next_cursor: string | null) => ({
      body: { data: messages.map(line), next_cursor },
    });
    answers['GET /api/tasks/t'] = [{ body: running }, { body: running }, { body: task }];
    answers['GET /api/tasks/t/logs?limit=200'] = [page(['one'], null), page(['one', 'two'], 'c1')];
    answers['GET /api/tasks/t/logs?cursor=c1&limit=200'] = [page(['three'], null)];
    const { code, out } = await intake(['logs', 't', '--follow']);
    expect(code).toBe(0);
    expect(out.split('\n').map((text) => text.split(/ {2,}/).at(-1))).toEqual(['one', 'two', 'three']);
  });
});

describe('webhooks', () => {
  const delivery = DeliveryView.parse(exampleOf(DeliveryView));
  const secret = WebhookSecret.parse(exampleOf(WebhookSecret));

  it('are listed, sent again, and checked with a secret', async () => {
    answers['GET /api/webhooks/deliveries?limit=5&status=failed&task_id=invoice-7'] = [
      { body: { data: [{ ...delivery, last_error: 'answered\u001b[2J' }], next_cursor: null } },
    ];
    const line = ['webhooks', 'list', '--status', 'failed', '--task', 'invoice-7', '--limit', '5'];
    const { code, out } = await intake(line);
    expect([code, out.includes(delivery.url), out.includes('\u001b')]).toEqual([0, true, false]);
    expect(await intake(['webhooks', 'list', '--status', 'lost'])).toMatchObject({ code: 2 });

    const id = delivery.delivery_id;
    answers[`POST /api/webhooks/deliveries/${id}/replay`] = [{ status: 202, body: delivery }];
    expect(await intake(['webhooks', 'replay', id])).toMatchObject({ code: 0 });
    answers['GET /api/webhooks/secret'] = [{ body: secret }];
    expect((await intake(['webhooks', 'secret'])).out).toBe(secret.secret);
  });
});
