import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Deployment } from '../support/processes.js';
import { Receiver, isSigned } from '../support/receiver.js';
import { eventually, transports } from '../support/stack.js';

describe.each(transports())('webhooks of real processes, queue on %s', (transport) => {
  let deployment: Deployment;
  let receiver: Receiver;

  beforeAll(async () => {
    receiver = await Receiver.start();
    deployment = await Deployment.start(transport);
  });

  afterAll(async () => {
    await deployment?.stop();
    await receiver?.stop();
  });

  it('are heard, and their signature holds against the secret of the API', async () => {
    const { client } = deployment;
    const { task_id } = await client.tasks.submit({
      type: 'diagnostics.echo',
      payload: { message: 'hello' },
      callback_url: receiver.url('/hook'),
    });
    const [message] = await eventually(() => (receiver.heard.length > 0 ? receiver.heard : null), {
      timeoutMs: 30_000,
    });
    const { secret } = await client.webhooks.secret();
    expect(message && isSigned(message, secret)).toBe(true);
    expect(message?.message).toMatchObject({
      type: 'task.completed',
      data: { task_id, status: 'completed', result: { message: 'hello' } },
    });
    const delivery = await eventually(
      async () => (await client.webhooks.deliveries({ task_id, status: 'succeeded' })).data[0],
    );
    expect(delivery.delivery_id).toBe(message?.headers['webhook-id']);
    expect((await client.webhooks.delivery(delivery.delivery_id)).message).toEqual(message?.message);

    await client.webhooks.replay(delivery.delivery_id);
    await eventually(() => receiver.heard.length === 2, { timeoutMs: 30_000 });
    expect(receiver.heard[1]?.headers['webhook-id']).toBe(delivery.delivery_id);
    expect(await client.webhooks.deliveries({ task_id, event: 'task.failed' })).toEqual({
      data: [],
      next_cursor: null,
    });
  });
});
