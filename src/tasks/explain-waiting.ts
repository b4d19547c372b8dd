import type { ExplainFacts, Reason, TransportFacts } from './explain-facts.js';
import { countOf, seconds } from './explain-wording.js';

/** A row that the transport should hold is compared with it once it is this old, every few seconds. */
const RECONCILED_AFTER_MS = 5_000;
const RECONCILED_EVERY_MS = 2_000;

/** What keeps it from being started: what was decided by people first, then capacity, then its turn. */
export function waitingReasons(facts: ExplainFacts, transport: TransportFacts): Reason[] {
  const { status } = facts;
  if (status === 'blocked') return [...dependencies(facts), ...full(facts)];
  if (status === 'scheduled') return [scheduled(facts), ...pauses(facts), ...full(facts)];
  const obstacles = [...pauses(facts), ...unreachable(transport), ...workers(facts)];
  const more = status === 'pending' ? held(facts) : inTransport(facts, transport);
  const found = [...obstacles, ...more, ...suspect(facts)];
  const busy = found.length === 0 || more.some(({ code }) => code === 'window.full') ? slots(facts) : [];
  const all = [...found, ...busy];
  return [...all, ...turn(facts, all.length > 0), ...full(facts)];
}

function dependencies({ dependencies: open }: ExplainFacts): Reason[] {
  if (open.length === 0) {
    return [{ code: 'dependency.settling', detail: 'all that it depends on has ended; it is about to move' }];
  }
  return open.map(({ task_id, type, status }) => ({
    code: 'dependency.waiting' as const,
    detail: `it depends on ${task_id} (${type}), which is ${status}`,
  }));
}

function scheduled(facts: ExplainFacts): Reason {
  const { run_at: until, now, reason } = facts;
  if (until && until <= now) {
    const detail = `it is due since ${until.toISOString()} and no dispatcher has woken it yet`;
    return { code: 'schedule.overdue', detail, since: until };
  }
  const inTime = until
    ? `in ${seconds(until.getTime() - now.getTime())}, at ${until.toISOString()}`
    : 'later';
  if (reason === 'retry') return { ...retry(facts, inTime), until };
  if (reason === 'snooze')
    return { code: 'snooze', detail: `its handler asked to be called again ${inTime}`, until };
  if (reason === 'rate_limited') return { ...throttled(facts, inTime), until };
  if (reason === 'dependency_delay')
    return { code: 'schedule.dependency_delay', detail: `its delay ends ${inTime}`, until };
  return { code: 'schedule.run_at', detail: `it is to run ${inTime}`, until };
}

function retry(facts: ExplainFacts, inTime: string): Reason {
  const { attempted, crashes, error, attempts, max_attempts } = facts;
  if (!attempted && crashes >= 2) {
    const detail = `it is a suspect after ${crashes} crashes and the process for suspects was busy; it is offered again ${inTime}`;
    return { code: 'suspect.isolation', detail };
  }
  if (!attempted) {
    const detail = `a worker that does not know the type ${facts.type} got it; it is offered again ${inTime}`;
    return { code: 'workers.postponed', detail };
  }
  const detail = `attempt ${attempts + 1} of ${max_attempts} begins ${inTime}${causeOf(error)}`;
  return { code: 'retry.backoff', detail };
}

function throttled({ error }: ExplainFacts, inTime: string): Reason {
  return { code: 'retry.throttled', detail: `it was asked to come back ${inTime}${causeOf(error)}` };
}

function causeOf(error: ExplainFacts['error']): string {
  return error ? `, after ${error.code}: ${error.message}` : '';
}

function pauses({ queue, paused, paused_at, tenant_paused, tenant_paused_at }: ExplainFacts): Reason[] {
  return [
    ...(paused
      ? [{ code: 'queue.paused' as const, detail: `the queue ${queue} is paused`, since: paused_at }]
      : []),
    ...(tenant_paused
      ? [
          {
            code: 'queue.paused_for_tenant' as const,
            detail: `the queue ${queue} is paused for this tenant`,
            since: tenant_paused_at,
          },
        ]
      : []),
  ];
}

function unreachable({ unreachableSince: since }: TransportFacts): Reason[] {
  if (!since) return [];
  return [
    {
      code: 'transport.unreachable',
      detail: `this process has not reached the transport since ${since.toISOString()}`,
      since,
    },
  ];
}

function workers(facts: ExplainFacts): Reason[] {
  const { queue, type, workers_alive, workers_taking, workers_able, workers_seen_at: since } = facts;
  if (workers_alive === 0) {
    const seen = since ? `; the last was heard of at ${since.toISOString()}` : '; none ever did';
    return [{ code: 'workers.none', detail: `no live worker serves the queue ${queue}${seen}`, since }];
  }
  if (workers_taking === 0) {
    const detail = `all workers of the queue ${queue} (${workers_alive}) are shutting down`;
    return [{ code: 'workers.draining', detail }];
  }
  if (workers_able > 0) return [];
  const detail = `${countOf(workers_taking, 'worker')} of the queue ${queue} live, but none knows the type ${type}`;
  return [{ code: 'workers.type_unknown', detail }];
}

/** Why a pending task is not handed to the transport. */
function held(facts: ExplainFacts): Reason[] {
  const { max_concurrency, tenant_active, concurrency_key, concurrency_limit, key_active, key_holders } =
    facts;
  const reasons: Reason[] = [];
  if (max_concurrency !== null && tenant_active >= max_concurrency) {
    const detail = `the tenant has ${tenant_active} tasks queued or running and may have ${max_concurrency}`;
    reasons.push({ code: 'tenant.limited', detail });
  }
  if (concurrency_key !== null && concurrency_limit !== null && key_active >= concurrency_limit) {
    const detail = `its key "${concurrency_key}" is held by ${key_active} of at most ${concurrency_limit}: ${key_holders.join(', ')}`;
    reasons.push({ code: 'concurrency.full', detail });
  }
  return [...reasons, ...rate(facts), ...windowFull(facts)];
}

function rate({ rate_key, rate_free_at: until, now }: ExplainFacts): Reason[] {
  if (!until || until <= now) return [];
  const detail = `its rate key "${rate_key}" is empty for ${seconds(until.getTime() - now.getTime())}, until ${until.toISOString()}`;
  return [{ code: 'rate.limited', detail, until }];
}

function windowFull({ window_used, window_size }: ExplainFacts): Reason[] {
  if (window_used < window_size) return [];
  const detail = `the transport holds ${window_used} tasks of the queue, as many as it may`;
  return [{ code: 'window.full', detail }];
}

/** Why a queued task is not taken. */
function inTransport(facts: ExplainFacts, { knows }: TransportFacts): Reason[] {
  const { queued_at: since } = facts;
  if (knows === false && since) {
    const until = new Date(since.getTime() + RECONCILED_AFTER_MS + RECONCILED_EVERY_MS);
    const detail = 'the transport does not know it; the reconciler publishes it again';
    return [{ code: 'transport.unaware', detail, since, until }];
  }
  return [];
}

function suspect({ crashes }: ExplainFacts): Reason[] {
  if (crashes < 2) return [];
  const detail = `it is a suspect after ${crashes} crashes, and runs alone in the process that takes suspects one at a time`;
  return [{ code: 'suspect.isolation', detail }];
}

function slots({ slots: size, slots_busy, busy_with }: ExplainFacts): Reason[] {
  if (slots_busy < size) return [];
  const own = busy_with.map(({ type, count }) => `${count} x ${type}`).join(', ');
  const detail = `all ${countOf(size, 'slot')} of the live workers are taken${own ? `, of this tenant by ${own}` : ''}`;
  return [{ code: 'workers.busy', detail }];
}

/** Its place among the others; or, when nothing else is the matter, that it is about to move. */
function turn({ status, ahead }: ExplainFacts, obstructed: boolean): Reason[] {
  const code = status === 'pending' ? 'dispatch' : 'queued';
  const others = ahead >= 10_000 ? '10,000 or more' : ahead;
  if (ahead > 0) return [{ code: `${code}.turn`, detail: `tasks that go before it: ${others}` }];
  if (obstructed) return [];
  return [{ code: `${code}.imminent`, detail: 'nothing stands in its way; it moves any moment' }];
}

function full({ waiting, max_waiting, queue }: ExplainFacts): Reason[] {
  if (!max_waiting || waiting < max_waiting) return [];
  const detail = `${waiting} tasks of the tenant wait in the queue ${queue}, which takes ${max_waiting}`;
  return [{ code: 'queue.full', detail }];
}
