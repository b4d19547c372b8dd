import { z } from 'zod';
import type { Json } from '../kernel/json.js';
import type { TaskReadsRepository, TaskRow } from './task-reads.repository.js';

type Rows<Method extends 'attempts' | 'events'> = Awaited<ReturnType<TaskReadsRepository[Method]>>;

/** A place in a history: a time, and how many entries of that very millisecond lie at or before it. */
export const HistoryPlace = z.tuple([z.iso.datetime(), z.int().min(1)]);
export type HistoryPlace = z.output<typeof HistoryPlace>;

/** What a page of the history is made of: all of the row, and of the rest what ended or was written from its place on. */
interface Sources {
  row: TaskRow;
  attempts: Rows<'attempts'>;
  events: Rows<'events'>;
}

/** The history behind a place, oldest first: what the row and its attempts tell, and what was written down beside them. */
export function historyOf(sources: Sources, [from, seen]: HistoryPlace | [null, 0] = [null, 0]) {
  const counts = new Map<string, number>();
  return told(sources)
    .toSorted((a, b) => a.at.getTime() - b.at.getTime())
    .map(({ event, at: time, detail }) => {
      const at = time.toISOString();
      const nth = (counts.get(at) ?? 0) + 1;
      counts.set(at, nth);
      return { view: { event, at, detail }, place: [at, nth] satisfies HistoryPlace };
    })
    .filter(({ place: [at, nth] }) => from === null || at > from || (at === from && nth > seen));
}

function told({ row, attempts, events }: Sources): Array<{ event: string; at: Date; detail: Json }> {
  return [
    { event: 'submitted', at: row.createdAt, detail: { queue: row.queue, priority: row.priority } },
    ...attempts.flatMap(({ epoch, attempt, startedAt, finishedAt, outcome }) => [
      { event: 'claimed', at: startedAt, detail: { epoch, attempt } },
      { event: outcome, at: finishedAt, detail: { epoch, attempt } },
    ]),
    ...(row.status === 'processing' && row.startedAt
      ? [{ event: 'claimed', at: row.startedAt, detail: { epoch: row.epoch, attempt: row.attempts + 1 } }]
      : []),
    ...events.map(({ kind, at, detail }) => ({ event: kind, at, detail: detail as Json })),
    ...endOf(row, attempts),
  ];
}

/** How it ended, where no attempt tells it: after the last of several, or without any. */
function endOf({ status, reason, finishedAt: at }: TaskRow, attempts: Rows<'attempts'>) {
  if (!at || status === 'completed') return [];
  if (status === 'failed') return [{ event: 'dead_lettered', at, detail: { reason } }];
  const isTold = attempts.some(({ outcome, finishedAt }) => outcome === 'cancelled' && +finishedAt === +at);
  return isTold ? [] : [{ event: 'cancelled', at, detail: { reason } }];
}
