/** Every status a task can have, in the order of a life. docs/lifecycle.md is the specification. */
export const TASK_STATUSES = [
  'blocked',
  'scheduled',
  'pending',
  'queued',
  'processing',
  'completed',
  'failed',
  'cancelled',
] as const;
export type TaskStatus = (typeof TASK_STATUSES)[number];
