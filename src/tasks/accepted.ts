import { HttpStatus } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { Once } from './idempotency.js';
import type { AcceptedBatch, AcceptedTask } from './tasks.contract.js';

/** What every call that creates work can answer. */
export const SUBMIT_FAULTS = [
  'task.exists',
  'task_id.reserved',
  'queue.full',
  'idempotency.mismatch',
  'idempotency.in_flight',
  'callback.unavailable',
  'callback.forbidden',
] as const;

/** Finishes the answer to a submit: where the task is, whether the answer is an old one, 200 when it was there already. */
export function answerAccepted(reply: FastifyReply, { answer, replayed }: Once<AcceptedTask>): AcceptedTask {
  void reply.header('location', answer.links.self);
  if (replayed) void reply.header('idempotency-replayed', 'true');
  if (answer.deduplicated) void reply.status(HttpStatus.OK);
  return answer;
}

/** The same for a batch. */
export function answerBatch(reply: FastifyReply, { answer, replayed }: Once<AcceptedBatch>): AcceptedBatch {
  void reply.header('location', answer.links.self);
  if (replayed) void reply.header('idempotency-replayed', 'true');
  return answer;
}
