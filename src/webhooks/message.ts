import type { Json } from '../kernel/json.js';
import type { TaskView } from '../tasks/tasks.contract.js';

/** Larger messages leave parts out; the task itself has them. */
export const MAX_BODY_BYTES = 256 * 1024;

/** What may be left out, the least missed first. */
const OMISSIONS: ReadonlyArray<ReadonlyArray<'payload' | 'result'>> = [
  [],
  ['payload'],
  ['result'],
  ['payload', 'result'],
];

/** @param timestamp when it happened, RFC 3339 @returns the bytes that are sent and signed */
export function messageOf(type: string, timestamp: string, data: object): string {
  return JSON.stringify({ type, timestamp, data });
}

/** How a task ended, with its result. What is too large is `null`, named in `omitted` and found at `links.self`. */
export function taskMessage(task: TaskView): string {
  let body = '';
  for (const omitted of OMISSIONS) {
    const gaps: Record<string, Json> = Object.fromEntries(omitted.map((part) => [part, null]));
    const data = omitted.length > 0 ? { ...task, ...gaps, omitted } : task;
    body = messageOf(`task.${task.status}`, task.finished_at ?? '', data);
    if (Buffer.byteLength(body) <= MAX_BODY_BYTES) break;
  }
  return body;
}
