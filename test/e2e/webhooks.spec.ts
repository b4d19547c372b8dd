import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CertificateAuthority, type Certificate } from '../support/certificates.js';
import { Deployment } from '../support/processes.js';
import { Receiver, isSigned } from '../support/receiver.js';
import { eventually, transports } from '../support/stack.js';

describe.each(transports())('webhooks of real processes, queue on %s', (transport) => {
  let deployment: Deployment;
  let receiver: Receiver;
  let folder: string;
  const authority = new CertificateAuthority('An authority that the deployment trusts');

  beforeAll(async () => {
    receiver = await Receiver.start();
    folder = mkdtempSync(join(tmpdir(), 'authority-'));
    const trusted = join(folder, 'authority.pem');
    writeFileSync(trusted, authority.cert);
    deployment = await Deployment.start(transport, { NODE_EXTRA_CA_CERTS: trusted });
  });

  afterAll(async () => {
    await deployment?.stop();
    await receiver?.stop();
    rmSync(folder, { recursive: true });
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

  it('go over TLS to the host that was named, and to nobody who cannot prove to be it', async () => {
    const stranger = new CertificateAuthority('An authority that nobody trusts');
    const hosts: Array<[certificate: Certificate, error: string | null]> = [
      [authority.issue('localhost'), null],
      [authority.issue('hooks.example'), 'for another name'],
      [authority.issue('localhost', { expired: true }), 'that has expired'],
      [stranger.issue('localhost'), 'of an authority that is not trusted here'],
    ];
    const { client } = deployment;
    const receivers = await Promise.all(hosts.map(([certificate]) => Receiver.start(0, certificate)));
    try {
      const tasks = await Promise.all(
        receivers.map((host) =>
          client.tasks.submit({
            type: 'diagnostics.echo',
            payload: { message: 'hello' },
            callback_url: host.url('/hook'),
          }),
        ),
      );
      for (const [at, [, error]] of hosts.entries()) {
        const { task_id } = tasks[at];
        const delivery = await eventually(
          async () => {
            const [found] = (await client.webhooks.deliveries({ task_id })).data;
            return found && (found.last_error !== null || found.status === 'succeeded') ? found : null;
          },
          { timeoutMs: 30_000 },
        );
        expect([delivery.status, delivery.last_error]).toEqual(
          error === null
            ? ['succeeded', null]
            : ['pending', `outbound.unreachable: The host shows a certificate ${error}`],
        );
      }
      // The connection went to a checked address; the name goes along all the same.
      expect(receivers.map(({ heard }) => heard.map(({ serverName }) => serverName))).toEqual([
        ['localhost'],
        [],
        [],
        [],
      ]);
    } finally {
      await Promise.all(receivers.map((host) => host.stop()));
    }
  });
});
