import { HttpStatus } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { OperationView } from '../operations/operations.contract.js';
import type { Once } from '../tasks/idempotency.js';
import { BulkPreview } from './bulk.contract.js';

/** A bulk call begins an operation, or says what it would change. */
export const BulkAnswer = z.union([OperationView, BulkPreview]);

export const BULK_RETURNS = {
  headers: {
    Location: 'The operation',
    'Idempotency-Replayed': '`true` when this is the first answer to the key, again',
  },
  also: { 200: 'With `dry_run`: what would be changed; nothing was' },
};

export function answerBulk(
  reply: FastifyReply,
  answer: BulkPreview | Once<OperationView>,
): z.input<typeof BulkAnswer> {
  if ('dry_run' in answer) {
    void reply.status(HttpStatus.OK);
    return answer;
  }
  void reply.header('location', answer.answer.links['self']);
  if (answer.replayed) void reply.header('idempotency-replayed', 'true');
  return answer.answer;
}
