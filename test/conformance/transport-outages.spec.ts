import { describe, expect, it } from 'vitest';
import { eventually, transports } from '../support/stack.js';
import { entries, entry, gate, isDown, keyOf, QUEUE, transportKit, UNAVAILABLE } from './transport-kit.js';

describe.each(transports())('when the server of the transport on %s', (kind) => {
  const kit = transportKit(kind);

  it('is killed and comes back empty: what was serving takes new work within seconds', async () => {
    const server = await kit.own();
    const transport = await kit.open(server.environment);
    const got: string[] = [];
    await transport.serve(
      [{ queue: QUEUE, concurrency: 2 }],
      async (delivery) => void got.push(keyOf(delivery)),
    );
    for (let round = 1; round <= 3; round += 1) {
      const before = entry();
      await transport.publish(QUEUE, [before]);
      await eventually(() => got.includes(keyOf(before)));
      await server.kill();
      await eventually(() => isDown(transport));
      await server.start();

      const begunMs = performance.now();
      const after = entry();
      await eventually(() => transport.publish(QUEUE, [after]).then(() => true));
      await eventually(() => got.includes(keyOf(after)));
      expect(performance.now() - begunMs).toBeLessThan(6_000);
      await transport.health();
    }
  });

  it('is down: publishing fails fast, and works again after', async () => {
    const server = await kit.own();
    const transport = await kit.open(server.environment);
    const [before, after] = [entry(), entry()];
    await transport.publish(QUEUE, [before]);
    await server.kill();
    await eventually(() => isDown(transport));
    const lost = entries(20);
    for (const one of lost) {
      const begunMs = performance.now();
      await expect(transport.publish(QUEUE, [one])).rejects.toMatchObject(UNAVAILABLE);
      expect(performance.now() - begunMs).toBeLessThan(200);
    }
    await expect(transport.known(QUEUE, [keyOf(before)])).rejects.toMatchObject(UNAVAILABLE);
    await expect(transport.incarnation(QUEUE)).rejects.toMatchObject(UNAVAILABLE);

    await server.start();
    await eventually(() => transport.publish(QUEUE, [after]).then(() => true));
    const known = await transport.known(QUEUE, [after, ...lost].map(keyOf));
    expect(known.get(keyOf(after))).toBe('waiting');
    // What was refused is the reconciler's: it must not turn up late.
    expect(lost.map((one) => known.get(keyOf(one)))).toEqual(lost.map(() => 'unknown'));
  });

  it('is not there at boot: publishing fails fast, serving begins when it comes', async () => {
    const server = await kit.own();
    await server.kill();
    const transport = await kit.open(server.environment);
    const got: string[] = [];
    await transport.serve(
      [{ queue: QUEUE, concurrency: 1 }],
      async (delivery) => void got.push(keyOf(delivery)),
    );
    const begunMs = performance.now();
    await expect(transport.publish(QUEUE, [entry()])).rejects.toMatchObject(UNAVAILABLE);
    expect(performance.now() - begunMs).toBeLessThan(2_500);
    await server.start();
    const sent = entry();
    await eventually(() => transport.publish(QUEUE, [sent]).then(() => true));
    await eventually(() => got.includes(keyOf(sent)));
  });

  it('falls silent: publishing gives up in time, health says so, and serving goes on after', async () => {
    const server = await kit.own();
    const transport = await kit.open(server.environment);
    const got: string[] = [];
    await transport.serve(
      [{ queue: QUEUE, concurrency: 1 }],
      async (delivery) => void got.push(keyOf(delivery)),
    );
    await transport.publish(QUEUE, [entry()]);
    await eventually(() => got.length === 1);
    server.wire.cut();
    const begunMs = performance.now();
    await expect(transport.publish(QUEUE, [entry()])).rejects.toMatchObject(UNAVAILABLE);
    expect(performance.now() - begunMs).toBeLessThan(2_500);
    await expect(transport.health()).rejects.toMatchObject(UNAVAILABLE);
    // Beyond every time limit on the way: connections are given up and made anew.
    await eventually(() => performance.now() - begunMs > 13_000, { timeoutMs: 15_000 });
    server.wire.mend();
    const sent = entry();
    await eventually(() => transport.publish(QUEUE, [sent]).then(() => true));
    await eventually(() => got.includes(keyOf(sent)));
  });

  it('is down: closing does not wait for it', async () => {
    const server = await kit.own();
    const app = await kit.openApp(server.environment);
    const held = gate();
    let running = false;
    await app.transport.serve([{ queue: QUEUE, concurrency: 1 }], () => {
      running = true;
      return held.opened;
    });
    await app.transport.publish(QUEUE, [entry()]);
    await eventually(() => running);
    await server.kill();
    await eventually(() => isDown(app.transport));
    held.open();
    const begunMs = performance.now();
    await app.close();
    expect(performance.now() - begunMs).toBeLessThan(4_000);
  });

  it('refuses everything: a busy worker does not hammer it, and goes on after', async () => {
    const server = await kit.own();
    const transport = await kit.open(server.environment);
    const got: string[] = [];
    const sent = entries(500);
    await transport.publish(QUEUE, sent);
    await transport.serve([{ queue: QUEUE, concurrency: 4 }], async (delivery) => {
      if (got.push(keyOf(delivery)) === 100) await server.refuse(true);
    });
    await eventually(async () => (await server.refusals()) > 0);
    const [refusals, begunMs] = [await server.refusals(), performance.now()];
    await eventually(() => performance.now() - begunMs > 2_000);
    expect((await server.refusals()) - refusals).toBeLessThan(60);
    await server.refuse(false);
    await eventually(() => sent.every((one) => got.includes(keyOf(one))), { timeoutMs: 30_000 });
  });
});
