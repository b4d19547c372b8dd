/**
 * Every answer to "why is it not done?": what it means and what can be done. Codes are stable for ever; `{id}` and
 * `{queue}` stand for the task's own. docs/explain.md shows this table, and a test that it does.
 */
export const EXPLAIN_CODES = {
  'dependency.waiting': {
    means: 'Another task that it depends on is not final yet',
    next: 'Have that task explained; cancel this one if it should no longer wait',
  },
  'dependency.settling': {
    means: 'Everything it depends on has ended; a sweep is about to let it go',
    next: 'Nothing to do; it takes seconds while any api or worker process runs',
  },
  'schedule.run_at': {
    means: 'It was submitted for a later time',
    next: 'Wait, or change it: PATCH /api/tasks/{id} with another run_at',
  },
  'schedule.dependency_delay': {
    means: 'What it depends on is done; its own delay runs since then',
    next: 'Wait, or change it: PATCH /api/tasks/{id} with another run_at',
  },
  'schedule.overdue': {
    means: 'Its time has come, but no dispatcher has woken it yet',
    next: 'Nothing to do while any api or worker process runs; otherwise start one',
  },
  'retry.backoff': {
    means: 'The last attempt failed; it is tried again after a pause that grows',
    next: 'Wait, or repair the cause of the error first; PATCH /api/tasks/{id} with run_at tries it sooner',
  },
  'retry.throttled': {
    means: 'A service that the handler called asked for a pause (Retry-After); no attempt was spent',
    next: 'Wait, or raise the limit at that service',
  },
  snooze: {
    means: 'Its handler asked to be called again later; no attempt was spent',
    next: 'Wait, or change it: PATCH /api/tasks/{id} with another run_at',
  },
  'rate.limited': {
    means: 'Its rate key has no token left',
    next: 'Wait, or submit with a larger rate.limit or a shorter rate.period_ms',
  },
  'concurrency.full': {
    means: 'As many tasks of its concurrency key as allowed are queued or running',
    next: 'Wait for one of the holders, cancel one, or submit with a larger concurrency.limit',
  },
  'tenant.limited': {
    means: 'The tenant has as many tasks queued or running as it may have (max_concurrency)',
    next: "Wait for one to end, or have an administrator raise the tenant's max_concurrency",
  },
  'queue.paused': {
    means: 'The whole queue is paused',
    next: 'POST /api/queue/queues/{queue}/resume (or: intake resume {queue})',
  },
  'queue.paused_for_tenant': {
    means: "The tenant's own share of the queue is paused",
    next: 'POST /api/queue/queues/{queue}/resume (or: intake resume {queue})',
  },
  'queue.full': {
    means:
      'The queue holds as many waiting tasks of the tenant as it may: this one keeps its place, new ones are refused',
    next: 'Add workers, or raise MAX_QUEUE_SIZE or the max_pending of the tenant',
  },
  'workers.none': {
    means: 'No live worker serves the queue',
    next: 'Start one: intake worker --queues {queue}',
  },
  'workers.draining': {
    means: 'The workers of the queue are shutting down and take nothing new',
    next: 'Start another: intake worker --queues {queue}',
  },
  'workers.type_unknown': {
    means: 'Workers serve the queue, but none of them knows the type',
    next: 'Deploy a worker whose release handles the type',
  },
  'workers.postponed': {
    means: 'A worker without a handler for the type got it and put it back',
    next: 'Nothing to do during a rollout; otherwise deploy workers that handle the type',
  },
  'workers.busy': {
    means: 'All slots of the live workers of the queue are taken',
    next: 'Wait, add workers, or raise WORKER_BATCH_SIZE; a higher priority goes first: PATCH /api/tasks/{id}',
  },
  'suspect.isolation': {
    means: 'Two worker processes died while they ran it: it runs next alone, in a process of its own',
    next: 'Wait for the one before it; look at its attempts and the logs of the workers that died',
  },
  'window.full': {
    means: 'The transport holds as many tasks of the queue as it may; the others wait in Postgres',
    next: 'Wait, or add workers: the window grows with their slots; a higher priority goes first: PATCH /api/tasks/{id}',
  },
  'dispatch.turn': {
    means: 'Others of its tenant go before it',
    next: 'Wait, or raise its priority: PATCH /api/tasks/{id}',
  },
  'dispatch.imminent': {
    means: 'Nothing stands in its way; a dispatcher hands it to the transport at its next pass',
    next: 'Nothing to do while any api or worker process runs; otherwise start one',
  },
  'transport.unreachable': {
    means: 'The transport (Redis, or its part of Postgres) does not answer the process that was asked',
    next: 'Bring the transport back; nothing is lost, and all that waits goes out again by itself',
  },
  'transport.unaware': {
    means:
      'Postgres holds it as queued, but the transport does not know it (a lost publish, or a lost memory)',
    next: 'Nothing to do: the reconciler publishes it again within seconds while any api or worker process runs',
  },
  'queued.turn': {
    means: 'The transport holds it; others go before it',
    next: 'Wait, or add workers',
  },
  'queued.imminent': {
    means: 'The transport holds it and slots are free: a worker takes it any moment',
    next: 'Nothing to do; if this lasts, see /health of the workers',
  },
  'worker.silent': {
    means: 'The worker that holds it has not been heard of; its tasks are taken away when its lease ends',
    next: 'Nothing to do: it runs again elsewhere; look at that worker and its host',
  },
  'attempt.overdue': {
    means: 'The attempt is past its timeout and has not settled; the reconciler ends it after a grace',
    next: 'Nothing to do; if it happens often, the handler ignores its signal or the timeout is too short',
  },
  'cancel.requested': {
    means: 'It was asked to stop, and its handler has not stopped yet',
    next: 'Wait: it ends cancelled when the handler stops, when the grace is over, or when its worker is lost',
  },
  running: {
    means: 'A worker runs it',
    next: 'Wait, or stop it: POST /api/tasks/{id}/cancel',
  },
  'expires.near': {
    means: 'It fails as expired unless it is started by then',
    next: 'Remove what holds it up, or raise its priority: PATCH /api/tasks/{id}',
  },
  'expires.passed': {
    means: 'It was not started in time; a sweep is about to fail it',
    next: 'Submit it again with a later expires_at',
  },
  'deadline.near': {
    means: 'It fails as expired unless it is finished by then',
    next: 'Remove what holds it up, or raise its priority: PATCH /api/tasks/{id}',
  },
  'deadline.passed': {
    means: 'It was not finished in time; a sweep is about to fail it',
    next: 'Submit it again with a later deadline_at',
  },
  'final.completed': { means: 'It is done', next: 'GET /api/tasks/{id} has the result' },
  'final.cancelled': {
    means: 'It was cancelled',
    next: 'POST /api/tasks/{id}/retry runs it again (or: intake retry {id})',
  },
  'failed.exhausted': {
    means: 'Its last allowed attempt failed',
    next: 'Repair the cause, then POST /api/tasks/{id}/retry (or: intake retry {id})',
  },
  'failed.permanent': {
    means: 'Its handler said that trying again cannot help',
    next: 'POST /api/tasks/{id}/retry with another payload, or after the source was repaired',
  },
  'failed.timeout': {
    means: 'Its last allowed attempt ran out of time',
    next: 'Submit it with a larger timeout_ms, or find out why it is slow; POST /api/tasks/{id}/retry runs it again',
  },
  'failed.poison': {
    means: 'Three worker processes died while they ran it, the last one alone with it',
    next: 'Look at its payload and the logs of those workers before POST /api/tasks/{id}/retry',
  },
  'failed.expired': {
    means: 'It was not started by expires_at, or not finished by deadline_at',
    next: 'Submit it again with later times',
  },
  'failed.dependency': {
    means: 'A task that it depends on failed or was cancelled',
    next: 'Retry that task: this one is revived with it',
  },
} as const satisfies Record<string, { means: string; next: string }>;

export type ExplainCode = keyof typeof EXPLAIN_CODES;
