import { Logger, type LoggerService } from '@nestjs/common';
import { afterEach, expect, it } from 'vitest';
import { ignoring } from './ignoring.js';

const lines: unknown[] = [];
const keep = (line: unknown) => lines.push(line);
const kept: LoggerService = { log: keep, error: keep, warn: keep };

afterEach(() => {
  Logger.overrideLogger(true);
  lines.length = 0;
});

it('a failure is logged with its reason, and goes no further', async () => {
  Logger.overrideLogger(kept);
  const err = new Error('gone');
  expect(await ignoring(Promise.reject(err), 'the file was removed already')).toBeUndefined();
  expect(lines).toEqual([{ msg: 'the file was removed already', err }]);
});

it('success says nothing and passes its value on', async () => {
  Logger.overrideLogger(kept);
  expect(await ignoring(Promise.resolve(3), 'why')).toBe(3);
  expect(lines).toEqual([]);
});
