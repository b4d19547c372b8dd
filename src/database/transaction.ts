import type { Prisma } from '../generated/prisma/client.js';

declare const inTransaction: unique symbol;

/**
 * A client inside an open transaction. Every writing method of a repository takes one first, so that the caller
 * decides what commits together; the brand keeps a plain client out.
 */
export type Tx = Prisma.TransactionClient & { readonly [inTransaction]: true };
