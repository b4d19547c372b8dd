import { z } from 'zod';
import { ClientId } from '../tasks/tasks.contract.js';

/** Whose things are to be erased; everybody's must be said. */
export const EraseQuery = z
  .strictObject({
    user_id: ClientId.optional().describe('What belongs to this user'),
    all: z.literal('true').optional().describe('All that the tenant has'),
  })
  .superRefine(({ user_id, all }, context) => {
    if ((user_id === undefined) === (all === undefined))
      context.addIssue({
        code: 'custom',
        path: ['user_id'],
        message: 'is to be given, or all=true; one of them',
      });
  });
export type EraseQuery = z.output<typeof EraseQuery>;
