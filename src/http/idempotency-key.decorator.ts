import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';

const HEADER = 'Idempotency-Key';

const document = ApiHeader({
  name: HEADER,
  required: false,
  description:
    'Of your choice: within 24 hours the same key with the same body answers as the first time and creates nothing',
  schema: { type: 'string', minLength: 1, maxLength: 255 },
});

/** What the client calls this very call, so that it may repeat it; names the header in the operation's documentation. */
export const IdempotencyKey = createParamDecorator(
  (_: unknown, context: ExecutionContext) =>
    context.switchToHttp().getRequest<FastifyRequest>().headers[HEADER.toLowerCase()],
  [
    (target, key) => {
      if (key === undefined) return;
      document(target, key, Object.getOwnPropertyDescriptor(target, key) as PropertyDescriptor);
    },
  ],
);
