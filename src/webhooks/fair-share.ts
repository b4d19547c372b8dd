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
  const onTheirWay = [...busy];
  const chosen: string[] = [];
  const count = (key: keyof Lane, value: string) => onTheirWay.filter((lane) => lane[key] === value).length;
  const fits = ({ tenant_id, host }: Lane) =>
    count('host', host) < limits.host && count('tenant_id', tenant_id) < limits.tenant;
  for (const [round, turn] of turnsOf(due).entries()) {
    for (const next of turn) {
      if (fits(next)) {
        chosen.push(next.id);
        onTheirWay.push(next);
      }
      if (onTheirWay.length >= limits.all) return { chosen, stoppedAfter: round === 0 ? next : null };
    }
  }
  return { chosen, stoppedAfter: null };
}

/** The first of every lane, then the second of every lane that has one, and so on. */
function turnsOf(due: readonly DueDelivery[]) {
  const turns: Array<Array<Lane & { id: string }>> = [];
  const taken = new Map<string, number>();
  for (const { id, ...lane } of due) {
    if (id === null) continue;
    const key = JSON.stringify([lane.tenant_id, lane.host]);
    const turn = taken.get(key) ?? 0;
    taken.set(key, turn + 1);
    (turns[turn] ??= []).push({ ...lane, id });
  }
  return turns;
}
