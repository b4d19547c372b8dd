/** A place in the queue of one tenant for one host; `id` is missing where nothing is due yet. */
export interface DueDelivery {
  tenant_id: string;
  host: string;
  id: string | null;
}

export type Lane = Pick<DueDelivery, 'tenant_id' | 'host'>;

/** How many may be on their way at once from one process, to one host, of one tenant, in all. */
export const LIMITS = { host: 4, tenant: 16, all: 64 };

/**
 * Chooses what is sent next: one from each lane in turn, so that neither a host that is slow nor a tenant that has much
 * to say keeps the others waiting.
 * @param due lane by lane, each in its own order
 * @param busy what is on its way already
 * @returns the chosen ids, and the lane that the next choice begins after: the last one served where room ran out before
 * every lane had its turn, otherwise `null`
 */
export function fairShare(due: readonly DueDelivery[], busy: readonly Lane[], limits = LIMITS) {
  const used = { host: countBy(busy, 'host'), tenant: countBy(busy, 'tenant_id') };
  const lanes = lanesOf(due);
  const chosen: string[] = [];
  let stoppedAfter: Lane | null = null;
  const take = ({ tenant_id, host, id }: DueDelivery & { id: string }) => {
    if ((used.host.get(host) ?? 0) >= limits.host) return;
    if ((used.tenant.get(tenant_id) ?? 0) >= limits.tenant) return;
    used.host.set(host, (used.host.get(host) ?? 0) + 1);
    used.tenant.set(tenant_id, (used.tenant.get(tenant_id) ?? 0) + 1);
    chosen.push(id);
    if (busy.length + chosen.length === limits.all) stoppedAfter = { tenant_id, host };
  };
  const rounds = Math.max(0, ...lanes.map(({ length }) => length));
  for (let round = 0; round < rounds; round += 1) {
    for (const lane of lanes) {
      const next = lane[round];
      if (busy.length + chosen.length >= limits.all)
        return { chosen, stoppedAfter: round === 0 ? stoppedAfter : null };
      if (next) take(next);
    }
  }
  return { chosen, stoppedAfter: null };
}

function lanesOf(due: readonly DueDelivery[]) {
  const lanes = new Map<string, Array<DueDelivery & { id: string }>>();
  for (const { tenant_id, host, id } of due) {
    if (id === null) continue;
    const key = JSON.stringify([tenant_id, host]);
    lanes.set(key, [...(lanes.get(key) ?? []), { tenant_id, host, id }]);
  }
  return [...lanes.values()];
}

function countBy(lanes: readonly Lane[], key: keyof Lane): Map<string, number> {
  const counts = new Map<string, number>();
  for (const lane of lanes) counts.set(lane[key], (counts.get(lane[key]) ?? 0) + 1);
  return counts;
}
