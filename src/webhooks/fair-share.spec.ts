import { describe, expect, it } from 'vitest';
import { fairShare, type DueDelivery } from './fair-share.js';

const lane = (tenant_id: string, host: string, ids: string[]): DueDelivery[] =>
  ids.map((id) => ({ tenant_id, host, id }));
const limits = { host: 2, tenant: 3, all: 4 };

describe('a fair share', () => {
  it('takes one of each lane before a second of any', () => {
    const due = [...lane('a', 'x', ['1', '2']), ...lane('a', 'y', ['3']), ...lane('b', 'z', ['4'])];
    expect(fairShare(due, [], limits)).toEqual({ chosen: ['1', '3', '4', '2'], stoppedAfter: null });
  });

  it('goes no further than a host, a tenant or the process can take', () => {
    const due = [...lane('a', 'x', ['1', '2', '3']), ...lane('b', 'x', ['4']), ...lane('b', 'y', ['5'])];
    expect(fairShare(due, [], limits).chosen).toEqual(['1', '4', '5']);
    expect(fairShare(due, [{ tenant_id: 'c', host: 'x' }], limits).chosen).toEqual(['1', '5']);
    const full = Array.from({ length: 3 }, (_, at) => ({ tenant_id: 'b', host: `other ${at}` }));
    expect(fairShare(due, full, limits).chosen).toEqual(['1']);
  });

  it('goes on after the lane where room ran out', () => {
    const due = ['p', 'q', 'r', 's', 't'].flatMap((tenant) => lane(tenant, `of ${tenant}`, [tenant]));
    expect(fairShare(due, [], limits)).toEqual({
      chosen: ['p', 'q', 'r', 's'],
      stoppedAfter: { tenant_id: 's', host: 'of s', id: 's' },
    });
  });

  it('passes over lanes where nothing is due', () => {
    expect(fairShare([{ tenant_id: 'a', host: 'x', id: null }], [], limits)).toEqual({
      chosen: [],
      stoppedAfter: null,
    });
  });
});
