import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { TaskStatus } from '../../src/kernel/task-status.js';

const SAMPLES = fileURLToPath(new URL('../../samples/documents/', import.meta.url));
const FILES = readdirSync(SAMPLES).map((name) => ({ name, bytes: readFileSync(`${SAMPLES}${name}`) }));

/** One request that creates work, and what was promised with it. */
export interface Submission {
  path: string;
  body: Record<string, unknown> | FormData;
  headers?: Record<string, string>;
  /** The tasks of this request carry it as their tag, or as their own name. */
  tag: string;
  /** How many tasks it makes. */
  tasks: number;
  /** How they may end. */
  ends: TaskStatus[];
  /** Whether to say it again when no answer came: it carries a name or a key. */
  again?: boolean;
  /** Said twice at once. */
  twin?: boolean;
  cancelAfterMs?: number;
  /** Said next, once this one's task is there. */
  next?: (id: string) => Submission;
}

/** @param callbackUrl where somebody hears of an end */
type Kind = (tag: string, at: number, callbackUrl: string) => Submission;

/** Fails twice at most by itself; what a fault costs in attempts must not end it. */
const PATIENT = { max_attempts: 20, timeout_ms: 60_000 };

const work = (payload: object, tag: string, request: object = {}) => ({
  type: 'chaos.work',
  payload,
  tags: [tag],
  ...PATIENT,
  ...request,
});

function one(tag: string, payload: object, request: object = {}, rest: Partial<Submission> = {}): Submission {
  const body = work(payload, tag, request);
  return { path: '/api/tasks', body, tag, tasks: 1, ends: ['completed'], ...rest };
}

/** Every way into Intake, and every way for work to behave. */
export const KINDS = {
  quick: (tag) => one(tag, {}),
  short: (tag, at) => one(tag, { sleep_ms: 50 + (at % 10) * 50 }),
  slow: (tag, at) => one(tag, { sleep_ms: 1_500 + (at % 5) * 1_000 }),
  /** Short enough to end in the time that whoever was told to stop is given. */
  stubborn: (tag) => one(tag, { sleep_ms: 3_000, stubborn: true }),
  flaky: (tag, at) => one(tag, { fails: 1 + (at % 2) }, { backoff: { base_ms: 300 } }),
  doomed: (tag) => one(tag, { rejects: true }, {}, { ends: ['failed'] }),
  exhausted: (tag) => one(tag, { fails: 99 }, { max_attempts: 2 }, { ends: ['failed'] }),
  snoozing: (tag) => one(tag, { snooze_ms: 700 }),
  ranked: (tag, at) => one(tag, { sleep_ms: 20 }, { priority: at % 10 }),
  delayed: (tag, at) => one(tag, {}, { delay_ms: 300 + (at % 8) * 300 }),
  named: (tag) => one(tag, {}, { task_id: tag }, { again: true }),
  keyed: (tag) => one(tag, {}, {}, { again: true, headers: { 'Idempotency-Key': tag } }),
  unique: (tag) => one(tag, { sleep_ms: 200 }, { unique_key: tag }, { twin: true, tasks: 2 }),
  limited: (tag, at) =>
    one(tag, { sleep_ms: 200 + (at % 4) * 100 }, { concurrency: { key: `key-${at % 3}`, limit: 2 } }),
  called_back: (tag, at, callbackUrl) => {
    const rejects = at % 3 === 0;
    return one(tag, { rejects }, { callback_url: callbackUrl }, { ends: [rejects ? 'failed' : 'completed'] });
  },
  cancelled: (tag) =>
    one(tag, { sleep_ms: 2_000 }, {}, { cancelAfterMs: 400, ends: ['cancelled', 'completed'] }),
  called_off: (tag) =>
    one(tag, {}, { delay_ms: 5_000 }, { cancelAfterMs: 200, ends: ['cancelled', 'completed'] }),
  family: (tag, at) => {
    const fails = at % 3 === 0;
    const ends: TaskStatus[] = [fails ? 'failed' : 'completed'];
    const child = (id: string) => one(`${tag}-child`, {}, { depends_on: [id] }, { ends });
    return one(tag, { sleep_ms: 200, rejects: fails }, {}, { ends, next: child });
  },
  batch: (tag, at) => ({
    path: '/api/tasks/batch',
    body: { tasks: Array.from({ length: 5 }, (_, member) => work({ sleep_ms: member * 30 }, tag)) },
    tag,
    tasks: 5,
    ends: ['completed'],
    ...(at % 2 ? { again: true, headers: { 'Idempotency-Key': tag } } : {}),
  }),
  document: (tag, at) => {
    const { name, bytes } = FILES[at % FILES.length];
    const body = new FormData();
    for (const [field, value] of Object.entries({ document_id: tag, user_id: '7', task_id: tag }))
      body.set(field, value);
    body.set('file', new Blob([bytes]), name);
    return { path: '/api/documents', body, tag, tasks: 1, ends: ['completed'] };
  },
} as const satisfies Record<string, Kind>;

export type KindName = keyof typeof KINDS;

/**
 * How they follow each other, over and over. As many as no small number divides: what a kind does every second or third time
 * would never change, or never happen.
 */
export const MIX: readonly KindName[] = [
  ...([
    'quick',
    'slow',
    'limited',
    'flaky',
    'ranked',
    'stubborn',
    'short',
    'keyed',
    'quick',
    'snoozing',
  ] as const),
  ...([
    'called_back',
    'delayed',
    'slow',
    'named',
    'ranked',
    'cancelled',
    'limited',
    'short',
    'unique',
  ] as const),
  ...(['flaky', 'batch', 'quick', 'slow', 'stubborn', 'doomed', 'document', 'ranked', 'short'] as const),
  ...([
    'called_back',
    'called_off',
    'keyed',
    'limited',
    'family',
    'delayed',
    'slow',
    'exhausted',
    'quick',
  ] as const),
];
