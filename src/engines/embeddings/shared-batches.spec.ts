import { expect, it } from 'vitest';
import { SharedBatches, type Outcome } from './shared-batches.js';

/** Writes down its batches; each waits until it is let go. */
class Runner {
  readonly batches: {
    inputs: readonly number[];
    signal: AbortSignal;
    end: (outcomes?: Outcome[]) => void;
  }[] = [];

  readonly run = (inputs: readonly number[], signal: AbortSignal): Promise<Outcome[]> =>
    new Promise((resolve) => {
      const answer = inputs.map((input) => ({ ok: Float32Array.of(input) }));
      this.batches.push({ inputs, signal, end: (outcomes = answer) => resolve(outcomes) });
    });
}

const open = (runner: Runner) => new SharedBatches(runner.run, { maxItems: 4, maxInFlight: 1 });

it('runs at once when idle, and together what came meanwhile', async () => {
  const runner = new Runner();
  const batches = open(runner);
  const first = batches.embed([1, 2]);
  const others = [batches.embed([3]), batches.embed([4, 5]), batches.embed([6, 7])];
  expect(runner.batches.map(({ inputs }) => inputs)).toEqual([[1, 2]]);
  runner.batches[0].end();
  expect(await first).toEqual([Float32Array.of(1), Float32Array.of(2)]);
  runner.batches[1].end();
  expect(runner.batches[1].inputs).toEqual([3, 4, 5, 6]);
  expect(await others[1]).toEqual([Float32Array.of(4), Float32Array.of(5)]);
  runner.batches[2].end();
  expect(await others[2]).toEqual([Float32Array.of(6), Float32Array.of(7)]);
});

it('lets a bad input fail its own caller only', async () => {
  const runner = new Runner();
  const batches = open(runner);
  const held = batches.embed([0]);
  const [bad, good] = [batches.embed([1]), batches.embed([2])];
  runner.batches[0].end();
  await held;
  runner.batches[1].end([{ error: new Error('bad') }, { ok: Float32Array.of(2) }]);
  await expect(bad).rejects.toThrow('bad');
  expect(await good).toEqual([Float32Array.of(2)]);
});

it('answers who gives up at once, and gives a batch up when nobody waits for it', async () => {
  const runner = new Runner();
  const batches = open(runner);
  const [one, other] = [new AbortController(), new AbortController()];
  const held = batches.embed([0]);
  const [first, second] = [batches.embed([1], one.signal), batches.embed([2], other.signal)];
  runner.batches[0].end();
  await held;
  one.abort(new Error('first is gone'));
  await expect(first).rejects.toThrow('first is gone');
  expect(runner.batches[1].signal.aborted).toBe(false);
  other.abort(new Error('second is gone'));
  await expect(second).rejects.toThrow('second is gone');
  expect(runner.batches[1].signal.aborted).toBe(true);
});

it('does not run what was given up while it waited', async () => {
  const runner = new Runner();
  const batches = open(runner);
  const stop = new AbortController();
  const held = batches.embed([0]);
  const waiting = batches.embed([1], stop.signal);
  const next = batches.embed([2]);
  stop.abort(new Error('gone'));
  await expect(waiting).rejects.toThrow('gone');
  runner.batches[0].end();
  await held;
  expect(runner.batches[1].inputs).toEqual([2]);
  runner.batches[1].end();
  expect(await next).toEqual([Float32Array.of(2)]);
});

it('gives nothing for nothing', async () => {
  const runner = new Runner();
  expect(await open(runner).embed([])).toEqual([]);
  expect(runner.batches).toEqual([]);
});
