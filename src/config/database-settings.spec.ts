import { expect, it } from 'vitest';
import { ConfigFault, readConfig } from './config.js';

const read = (DATABASE_URL: string) => readConfig({ DATABASE_URL, AUTH_MODE: 'disabled' });

it('take a Postgres URL, with the name of a driver or without', () => {
  expect(read('postgresql+asyncpg://db/intake').databaseUrl).toBe('postgresql://db/intake');
  expect(read('postgres:///intake?host=/run/postgresql').databaseUrl).toMatch(/^postgres:/);
});

it.each(['nonsense', 'mysql://db/intake', 'db:5432/intake'])('refuse %s at once', (url) => {
  expect(() => read(url)).toThrow(ConfigFault);
  expect(() => read(url)).toThrow('DATABASE_URL must begin with postgresql:// or postgres://');
});
