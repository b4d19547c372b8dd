import { describe, expect, it } from 'vitest';
import { TASK_STATUSES } from '../kernel/task-status.js';
import { FINAL_STATUSES, TRANSITIONS, isFinal, sourcesOf, targetOf, toMermaid } from './lifecycle.js';

describe('the lifecycle', () => {
  it('lets a task leave a final status only when it is replayed or revived', () => {
    for (const [event, { from }] of Object.entries(TRANSITIONS)) {
      const leavesFinal = from.some((status) => isFinal(status));
      expect(leavesFinal, event).toBe(event === 'replay' || event === 'revive');
    }
  });

  it('enters queued only by dispatch and redispatch, where the epoch rises', () => {
    const intoQueued = Object.entries(TRANSITIONS).filter(([, { to }]) => to === 'queued');
    expect(intoQueued.map(([event]) => event)).toEqual(['dispatch', 'redispatch']);
  });

  it('enters processing only by a claim of a queued row', () => {
    const claims = Object.entries(TRANSITIONS).filter(([, { to }]) => to === 'processing');
    expect(claims).toEqual([['claim', { from: ['queued'], to: 'processing' }]]);
  });

  it('reaches a final status from every status', () => {
    const reach = new Set<string>(FINAL_STATUSES);
    for (let round = 0; round < TASK_STATUSES.length; round += 1) {
      for (const { from, to } of Object.values(TRANSITIONS))
        if (reach.has(to)) from.forEach((s) => reach.add(s));
    }
    expect([...reach].toSorted()).toEqual([...TASK_STATUSES].toSorted());
  });

  it('reads back from the table and draws every arrow', () => {
    expect(sourcesOf('claim')).toEqual(['queued']);
    expect(targetOf('reject')).toBe('failed');
    expect(toMermaid()).toContain('queued --> processing: claim');
  });
});
