import { Logger } from '@nestjs/common';
import { afterEach, expect, it, vi } from 'vitest';
import { Fault } from '../kernel/fault.js';
import { inTime } from './in-time.js';

const warn = vi.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);

afterEach(() => warn.mockClear());

it('gives an answer that comes in time', async () => {
  expect(await inTime(Promise.resolve(7), 60_000)).toBe(7);
});

it('does not wait for one that never comes', async () => {
  expect(await inTime(new Promise(() => undefined), 1)).toBeNull();
  expect(warn).not.toHaveBeenCalled();
});

it('is quiet about an outage, which others tell', async () => {
  for (const code of ['database.unavailable', 'transport.unavailable'] as const)
    expect(await inTime(Promise.reject(new Fault(code, 'away')), 60_000)).toBeNull();
  expect(warn).not.toHaveBeenCalled();
});

it('logs any other failure', async () => {
  const err = new TypeError('rows is not iterable');
  expect(await inTime(Promise.reject(err), 60_000)).toBeNull();
  expect(warn).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ err }));
});
