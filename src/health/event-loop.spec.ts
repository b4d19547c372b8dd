import { setTimeout as after } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { EventLoop } from './event-loop.js';

const loop = new EventLoop();
afterEach(() => loop.onModuleDestroy());

it('tells for how long work kept the loop to itself, once', async () => {
  await after(50);
  loop.takeDelayMs();
  await after(50);
  const until = performance.now() + 300;
  while (performance.now() < until);
  await after(50);
  expect(loop.takeDelayMs()).toBeGreaterThan(200);
  await after(100);
  expect(loop.takeDelayMs()).toBeLessThan(200);
});
