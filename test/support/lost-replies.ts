import type { Tx } from '../../src/database/transaction.js';
import { Fault } from '../../src/kernel/fault.js';
import type { TestApp } from './apps.js';

/** What a transaction of the core answered, told apart by its shape. */
export const isSubmit = (answer: unknown) => hasFirst(answer, 'placed');
export const isClaim = (answer: unknown) => hasFirst(answer, 'verdict');
export const isSettle = (answer: unknown) => hasFirst(answer, 'late');

/**
 * The next transaction whose answer fits commits, and then its caller hears that it failed.
 * @param error a lost connection unless told otherwise
 * @returns how often that happened so far: 0 or 1
 */
export function loseNextReply(app: TestApp, fits: (answer: unknown) => boolean, error?: Error): () => number {
  const { database } = app;
  const transaction = database.transaction.bind(database);
  let lost = 0;
  database.transaction = async <T>(work: (tx: Tx) => Promise<T>): Promise<T> => {
    const answer = await transaction(work);
    if (lost > 0 || !fits(answer)) return answer;
    lost += 1;
    throw error ?? new Fault('database.unavailable', 'the connection broke after the commit');
  };
  return () => lost;
}

function hasFirst(answer: unknown, key: string): boolean {
  const [first] = Array.isArray(answer) ? (answer as unknown[]) : [];
  return typeof first === 'object' && first !== null && key in first;
}
