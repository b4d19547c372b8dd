import { expect, it } from 'vitest';
import { LogContext } from './log-context.js';
import { continueTrace, currentTraceparent, validTraceparent } from './traceparent.js';

const TRACEPARENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

it.each([
  undefined,
  '',
  'ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
  '00-00000000000000000000000000000000-00f067aa0ba902b7-01',
  '00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01',
  '00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01',
])('%s is no traceparent', (text) => {
  expect(validTraceparent(text)).toBeUndefined();
});

it('without tracing, what the caller sent is handed on', () => {
  expect(currentTraceparent()).toBeNull();
  LogContext.run({ traceparent: TRACEPARENT }, () => expect(currentTraceparent()).toBe(TRACEPARENT));
});

it('without tracing, work runs as it would alone, and carries the stored trace', async () => {
  const seen = await continueTrace(TRACEPARENT, 'work', { queue: 'documents' }, async () =>
    currentTraceparent(),
  );
  expect(seen).toBe(TRACEPARENT);
  await expect(continueTrace(null, 'work', {}, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
});
