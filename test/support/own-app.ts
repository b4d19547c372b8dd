import { expect } from 'vitest';
import { freshEnvironment, type TestApp } from './apps.js';
import { inconsistencies } from './consistency.js';
import type { TransportKind } from './stack.js';

/**
 * An Intake with a database of its own, for one `describe`.
 * @returns it, and how it ends: its rows add up, and nothing is left of it
 */
export async function ownApp(
  transport: TransportKind,
  start: () => Promise<TestApp>,
  variables: Record<string, string> = {},
) {
  const { database } = await freshEnvironment(transport, variables);
  const app = await start();
  const end = async () => {
    const found = await inconsistencies(app.database);
    await app.close();
    await database.drop();
    expect(found).toEqual({});
  };
  return { app, end };
}
