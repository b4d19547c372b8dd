import { describe, expect, it } from 'vitest';
import { Turns } from './turns.js';

describe('turns', () => {
  it('go round in the order of arrival', async () => {
    const turns = new Turns();
    const order: number[] = [];
    const run = async (name: number) => {
      if (!(await turns.take(5_000))) return;
      order.push(name);
      await new Promise((resolve) => setImmediate(resolve));
      turns.pass();
    };
    await Promise.all([run(1), run(2), run(3)]);
    expect(order).toEqual([1, 2, 3]);
    await run(4);
    expect(order).toEqual([1, 2, 3, 4]);
  });

  it('are given up after a while, without holding up who comes later', async () => {
    const turns = new Turns();
    expect(await turns.take(0)).toBe(true);
    const late = turns.take(5_000);
    expect(await turns.take(1)).toBe(false);
    turns.pass();
    expect(await late).toBe(true);
    turns.pass();
    expect(await turns.take(0)).toBe(true);
  });
});
