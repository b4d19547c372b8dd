import { describe, expect, it } from 'vitest';
import type { Delivery } from '../../src/transport/transport.js';
import { eventually, transports } from '../support/stack.js';
import { entries, entry, gate, keyOf, keysOf, QUEUE, transportKit } from './transport-kit.js';
import { connectionsTo, forget, pauseElsewhere } from './transport-servers.js';

describe.each(transports())('the transport on %s', (kind) => {
  const kit = transportKit(kind);

  describe('carries', () => {
    it('an id, an epoch and a type to whoever serves the queue', async () => {
      const transport = await kit.open();
      const got: Delivery[] = [];
      await transport.serve([{ queue: QUEUE, concurrency: 1 }], async (delivery) => void got.push(delivery));
      const sent = { ...entry(), epoch: 7 };
      await transport.publish(QUEUE, [sent]);
      await eventually(() => got.length === 1);
      expect(got).toEqual([{ queue: QUEUE, taskId: sent.taskId, epoch: 7, type: 'test.run' }]);
    });

    it('each queue to its own lane, also one that nobody knew at boot', async () => {
      const transport = await kit.open();
      const got: Delivery[] = [];
      const lanes = [QUEUE, 'receipts'].map((queue) => ({ queue, concurrency: 1 }));
      await transport.serve(lanes, async (delivery) => void got.push(delivery));
      await Promise.all(['receipts', 'unknown', QUEUE].map((queue) => transport.publish(queue, [entry()])));
      await eventually(() => got.length === 2);
      expect(got.map(({ queue }) => queue).toSorted()).toEqual([QUEUE, 'receipts']);
      expect(await transport.stats('unknown')).toEqual({ waiting: 1, active: 0 });
    });

    it('the smallest priority first', async () => {
      const transport = await kit.open();
      const sent = [300, 2_097_151, 1, 40].map((priority) => entry(priority));
      await transport.publish(QUEUE, sent);
      const got: string[] = [];
      await transport.serve(
        [{ queue: QUEUE, concurrency: 1 }],
        async (delivery) => void got.push(keyOf(delivery)),
      );
      await eventually(() => got.length === 4);
      expect(got).toEqual([sent[2], sent[3], sent[0], sent[1]].map((one) => keyOf(one)));
    });

    it('a waiting entry once, however often it is published', async () => {
      const transport = await kit.open();
      const sent = entries(3);
      await transport.publish(QUEUE, sent);
      await transport.publish(QUEUE, [...sent, ...sent]);
      expect(await transport.stats(QUEUE)).toEqual({ waiting: 3, active: 0 });
      const got: string[] = [];
      await transport.serve(
        [{ queue: QUEUE, concurrency: 5 }],
        async (delivery) => void got.push(keyOf(delivery)),
      );
      await eventually(async () => (await transport.stats(QUEUE)).waiting === 0 && got.length >= 3);
      expect(got.toSorted()).toEqual(keysOf(sent));
    });

    it('nothing back of a delivery that failed', async () => {
      const transport = await kit.open();
      const sent = entry();
      let runs = 0;
      await transport.serve([{ queue: QUEUE, concurrency: 1 }], async () => {
        runs += 1;
        throw new Error('a handler of the test');
      });
      await transport.publish(QUEUE, [sent]);
      await eventually(
        async () => (await transport.known(QUEUE, [keyOf(sent)])).get(keyOf(sent)) === 'unknown',
      );
      expect(runs).toBe(1);
      expect(await transport.stats(QUEUE)).toEqual({ waiting: 0, active: 0 });
    });
  });

  describe('tells', () => {
    it('of hundreds of entries at once which wait, run, or are unknown', async () => {
      const transport = await kit.open();
      const [waiting, strangers] = [entries(500), entries(200)];
      const first = entry(1);
      const held = gate();
      let running = false;
      await transport.publish(QUEUE, [first, ...waiting]);
      await transport.serve([{ queue: QUEUE, concurrency: 1 }], () => {
        running = true;
        return held.opened;
      });
      await eventually(() => running);
      const known = await transport.known(QUEUE, [first, ...waiting, ...strangers].map(keyOf));
      held.open();
      expect(known.size).toBe(701);
      expect(known.get(keyOf(first))).toBe('active');
      expect(new Set(waiting.map((one) => known.get(keyOf(one))))).toEqual(new Set(['waiting']));
      expect(new Set(strangers.map((one) => known.get(keyOf(one))))).toEqual(new Set(['unknown']));
    });

    it('its memory', async () => {
      const transport = await kit.open();
      await transport.publish(QUEUE, entries(10));
      const memory = await transport.memory();
      expect(memory.kind).toBe(kind);
      expect(memory.keys).toBeGreaterThanOrEqual(10);
      expect(memory.memoryBytes).toBeGreaterThan(10_000);
    });

    it('that it lost its memory: the mark is gone', async () => {
      const [one, other] = [await kit.open(), await kit.open()];
      expect(await one.incarnation(QUEUE)).toBeNull();
      await one.mark(QUEUE, 'first');
      await one.mark(QUEUE, 'second');
      expect(await other.incarnation(QUEUE)).toBe('second');
      expect(await other.incarnation('receipts')).toBeNull();
      await forget(kit.environment());
      expect(await other.incarnation(QUEUE)).toBeNull();
      await other.mark(QUEUE, 'third');
      expect(await one.incarnation(QUEUE)).toBe('third');
    });
  });

  it('takes back entries that wait, and leaves those that run', async () => {
    const transport = await kit.open();
    const [first, ...rest] = [entry(1), ...entries(300)];
    const held = gate();
    const got: string[] = [];
    await transport.publish(QUEUE, [first, ...rest]);
    await transport.serve([{ queue: QUEUE, concurrency: 1 }], (delivery) => {
      got.push(keyOf(delivery));
      return held.opened;
    });
    await eventually(() => got.length === 1);
    const [kept, ...removed] = rest;
    await transport.remove(QUEUE, [first, ...removed].map(keyOf));
    expect(await transport.stats(QUEUE)).toEqual({ waiting: 1, active: 1 });
    held.open();
    await eventually(() => got.length === 2);
    expect(got).toEqual([keyOf(first), keyOf(kept)]);
  });

  describe('serves', () => {
    it('no more at once than the lane has slots, also after their number changed', async () => {
      const transport = await kit.open();
      const sent = entries(12);
      const gates = new Map<string, ReturnType<typeof gate>>();
      let [running, most] = [0, 0];
      const serving = await transport.serve([{ queue: QUEUE, concurrency: 3 }], async (delivery) => {
        running += 1;
        most = Math.max(most, running);
        const held = gate();
        gates.set(keyOf(delivery), held);
        await held.opened;
        running -= 1;
      });
      const release = (count: number) => {
        for (const [key, held] of [...gates].slice(0, count)) {
          held.open();
          gates.delete(key);
        }
      };
      await transport.publish(QUEUE, sent);
      await eventually(() => gates.size === 3);
      release(2);
      await eventually(() => gates.size === 3);
      expect(most).toBe(3);

      serving.setConcurrency(QUEUE, 5);
      release(1);
      await eventually(() => gates.size === 5);
      expect(most).toBe(5);
      expect(() => serving.setConcurrency('receipts', 2)).toThrow('receipts');

      await eventually(async () => {
        release(5);
        return (await transport.stats(QUEUE)).waiting === 0;
      });
      await eventually(() => {
        release(5);
        return running === 0;
      });
      expect(most).toBe(5);
    });

    it('four lanes over few connections', async () => {
      const transport = await kit.open();
      const lanes = ['a', 'b', 'c', 'd'].map((queue) => ({ queue, concurrency: 8 }));
      let done = 0;
      await transport.serve(lanes, async () => void (done += 1));
      await Promise.all(lanes.map(({ queue }) => transport.publish(queue, entries(50))));
      await eventually(() => done === 200);
      const most = kind === 'redis' ? 1 + lanes.length : 5;
      expect(await connectionsTo(kit.environment())).toBeLessThanOrEqual(most);
    });

    it('once in the life of an application', async () => {
      const transport = await kit.open();
      await transport.serve([{ queue: QUEUE, concurrency: 1 }], async () => {});
      await expect(transport.serve([{ queue: QUEUE, concurrency: 1 }], async () => {})).rejects.toThrow(
        'already',
      );
    });

    it('from two processes that share the work', async () => {
      const [one, other] = await Promise.all([kit.serveInChild(1), kit.serveInChild(1)]);
      const transport = await kit.open();
      const sent = entries(200);
      await transport.publish(QUEUE, sent);
      await eventually(() => one.keys().length + other.keys().length >= 200);
      expect([...one.keys(), ...other.keys()].toSorted()).toEqual(keysOf(sent));
      expect(one.keys().length).toBeGreaterThan(10);
      expect(other.keys().length).toBeGreaterThan(10);
    });

    it('again what a killed process held, within 20 s', async () => {
      const transport = await kit.open();
      const sent = entries(3);
      const victim = await kit.serveInChild(3, true);
      await transport.publish(QUEUE, sent);
      await eventually(() => victim.keys().length === 3);
      victim.child.kill('SIGKILL');
      const got: string[] = [];
      await transport.serve(
        [{ queue: QUEUE, concurrency: 3 }],
        async (delivery) => void got.push(keyOf(delivery)),
      );
      await eventually(() => got.length === 3, { timeoutMs: 20_000 });
      expect(got.toSorted()).toEqual(keysOf(sent));
    });

    it('on when the transport lost what is running, and counts it', async () => {
      const transport = await kit.open();
      const held = gate();
      const got: string[] = [];
      await transport.serve([{ queue: QUEUE, concurrency: 1 }], async (delivery) => {
        got.push(keyOf(delivery));
        if (got.length === 1) await held.opened;
      });
      const [lost, next] = entries(2);
      await transport.publish(QUEUE, [lost]);
      await eventually(() => got.length === 1);
      await forget(kit.environment());
      held.open();
      await eventually(() => transport.lostLocks > 0);
      await transport.publish(QUEUE, [next]);
      await eventually(() => got.length === 2);
      expect(got).toEqual([keyOf(lost), keyOf(next)]);
    });
  });

  describe('closes', () => {
    it('when what runs has ended, and takes nothing more', async () => {
      const publisher = await kit.open();
      const transport = await kit.open();
      const held = gate();
      const got: string[] = [];
      const serving = await transport.serve([{ queue: QUEUE, concurrency: 2 }], (delivery) => {
        got.push(keyOf(delivery));
        return held.opened;
      });
      const [first, second] = entries(2);
      await publisher.publish(QUEUE, [first]);
      await eventually(() => got.length === 1);

      let closed = false;
      const closing = serving.close({ timeoutMs: 30_000 }).then(() => (closed = true));
      await publisher.publish(QUEUE, [second]);
      await eventually(async () => (await publisher.stats(QUEUE)).waiting === 1);
      expect(closed).toBe(false);
      held.open();
      await closing;
      expect(got).toEqual([keyOf(first)]);
      expect(await publisher.stats(QUEUE)).toEqual({ waiting: 1, active: 0 });
    });

    it('without them when they do not end in time, and tells them', async () => {
      const transport = await kit.open();
      let signal: AbortSignal | undefined;
      const serving = await transport.serve([{ queue: QUEUE, concurrency: 1 }], (_delivery, given) => {
        signal = given;
        return new Promise(() => {});
      });
      await transport.publish(QUEUE, [entry()]);
      await eventually(() => signal);
      const patient = serving.close({ timeoutMs: 60_000 });
      const begunMs = performance.now();
      await serving.close({ timeoutMs: 300 });
      await patient;
      expect(performance.now() - begunMs).toBeLessThan(3_300);
      expect(signal?.aborted).toBe(true);
    });

    it('idle within a second', async () => {
      const app = await kit.openApp();
      const lanes = [QUEUE, 'receipts', 'images'].map((queue) => ({ queue, concurrency: 10 }));
      await app.transport.serve(lanes, async () => {});
      await app.transport.publish(QUEUE, [entry()]);
      await eventually(async () => (await app.transport.stats(QUEUE)).waiting === 0);
      const begunMs = performance.now();
      await app.close();
      expect(performance.now() - begunMs).toBeLessThan(1_000);
    });
  });

  it('is not healthy when a lane has work and slots, but nothing moves', async () => {
    const transport = await kit.open();
    const got: string[] = [];
    await transport.serve(
      [{ queue: QUEUE, concurrency: 1 }],
      async (delivery) => void got.push(keyOf(delivery)),
    );
    await transport.publish(QUEUE, [entry()]);
    await eventually(() => got.length === 1);
    await transport.health();
    await pauseElsewhere(kit.environment(), QUEUE, true);
    await transport.publish(QUEUE, [entry()]);
    const cause = await eventually(() => transport.health().catch((error: Error) => error), {
      timeoutMs: 20_000,
      everyMs: 500,
    });
    expect(cause).toMatchObject({ code: 'transport.unavailable' });
    expect(String(cause)).toContain(QUEUE);
    await pauseElsewhere(kit.environment(), QUEUE, false);
    await eventually(() => got.length === 2);
    await transport.health();
  });
});
