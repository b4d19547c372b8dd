import { describe, expect, it } from 'vitest';
import { Fault } from '../kernel/fault.js';
import { MAX_ATTEMPTS, pauseMs, verdictOn, type Attempted } from './delivery-verdict.js';

const NOW = Date.parse('2026-11-25T10:00:00Z');
const least = () => 0;
const judge = (attempted: Attempted, attempts = 1) => verdictOn(attempted, attempts, NOW, least);

describe('what follows from an attempt', () => {
  it.each([
    [{ statusCode: 200 }, 1, 'succeeded', 'succeeded'],
    [{ statusCode: 299 }, 10, 'succeeded', 'succeeded'],
    [{ statusCode: 199 }, 1, 'pending', 'retried'],
    [{ statusCode: 301 }, 1, 'pending', 'retried'],
    [{ statusCode: 304 }, 1, 'pending', 'retried'],
    [{ statusCode: 400 }, 1, 'pending', 'retried'],
    [{ statusCode: 404 }, 9, 'pending', 'retried'],
    [{ statusCode: 410 }, 1, 'failed', 'gone'],
    [{ statusCode: 429 }, 1, 'pending', 'retried'],
    [{ statusCode: 500 }, 9, 'pending', 'retried'],
    [{ statusCode: 500 }, 10, 'failed', 'failed'],
    [{ error: new Fault('outbound.timeout', 'late') }, 1, 'pending', 'retried'],
    [{ error: new Fault('outbound.forbidden', 'private') }, 10, 'failed', 'failed'],
  ] as const)('%j as attempt %i: %s', (attempted, attempts, status, outcome) => {
    expect(judge(attempted, attempts)).toMatchObject({ status, outcome });
  });

  it('is tried again after 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h and 24 h, and up to a fifth later', () => {
    const seconds = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];
    expect(MAX_ATTEMPTS).toBe(10);
    expect(seconds.map((_, at) => pauseMs(at + 1, least))).toEqual(seconds.map((each) => each * 1_000));
    expect(pauseMs(1, () => 1)).toBe(6_000);
  });

  it.each([
    ['120', 120_000],
    ['1', 5_000],
    ['0', 5_000],
    ['99999999', 86_400_000],
    ['Wed, 25 Nov 2026 10:10:00 GMT', 600_000],
    ['Wed, 25 Nov 2026 09:00:00 GMT', 5_000],
    ['soon', 5_000],
    ['', 5_000],
  ])('waits for as long as the receiver asks within reason: %j', (retryAfter, delayMs) => {
    expect(judge({ statusCode: 503, retryAfter }).delayMs).toBe(delayMs);
  });

  it('says what went wrong, in words that can be stored', () => {
    expect(judge({ statusCode: 302 }).error).toContain('redirects are not followed');
    expect(judge({ error: new Fault('outbound.timeout', 'late') }).error).toBe('outbound.timeout: late');
    expect(judge({ error: new Error('a\0b') }).error).toBe('Error: ab');
    expect(judge({ statusCode: 500, response: 'a\0b' }).response).toBe('ab');
    expect(judge({ statusCode: 200 })).toMatchObject({ error: null, response: null });
  });
});
