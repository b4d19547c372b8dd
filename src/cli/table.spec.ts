import { describe, expect, it } from 'vitest';
import { duration, moment, renderFacts, renderTable, shorten } from './table.js';

describe('a table', () => {
  it('has columns without lines, numbers to the right, a dash for nothing', () => {
    const text = renderTable(
      ['QUEUE', 'WAIT', 'OLDEST'],
      [
        ['documents', 7, null],
        ['images', 1200, '3 s'],
      ],
    );
    expect(text.split('\n')).toEqual([
      'QUEUE      WAIT  OLDEST',
      'documents     7  -',
      'images     1200  3 s',
    ]);
  });

  it('is its head alone without rows', () => {
    expect(renderTable(['A', 'B'], [])).toBe('A  B');
  });

  it('lets nothing that others sent move the cursor or start a line', () => {
    expect(renderFacts({ name: 'a\u001b[2J\nb' })).toBe('name  a [2J b');
  });
});

describe('cells', () => {
  it('are short', () => {
    expect(shorten('abcdef', 4)).toBe('abc…');
    expect(shorten('abcd', 4)).toBe('abcd');
    expect(moment('2026-11-20T10:15:00.123Z')).toBe('2026-11-20 10:15:00');
    expect([null, 12.4, 1_500, 180_000].map(duration)).toEqual([null, '12 ms', '1.5 s', '3 min']);
  });
});
