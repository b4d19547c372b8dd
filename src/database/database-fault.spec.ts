import { describe, expect, it } from 'vitest';
import { asDatabaseFault } from './database-fault.js';

/** As Prisma wraps what its adapter heard of a raw query outside of a transaction. */
const rawQueryFailed = (kind: string, message: string, more: object = {}) =>
  Object.assign(new Error(`Raw query failed. Code: \`N/A\`. Message: \`${message}\``), {
    code: 'P2010',
    meta: { driverAdapterError: { name: 'DriverAdapterError', cause: { kind, ...more } } },
  });

/** Postgres says so of a statement that was sent wrongly, PgBouncer of an outage. */
const protocolViolation = (severity: 'ERROR' | 'FATAL') =>
  rawQueryFailed('postgres', 'it broke', { code: '08P01', originalCode: '08P01', severity });

describe('an error of the database', () => {
  it.each([
    [
      'a connection that the server reset',
      rawQueryFailed('ConnectionClosed', 'Server has closed the connection.'),
    ],
    ['a server that is not there', rawQueryFailed('DatabaseNotReachable', 'no server')],
    ['an answer that took too long', rawQueryFailed('SocketTimeout', 'Operation has timed out')],
    ['a server that shuts down', { code: 'P2010', meta: { code: '57P01' } }],
    ['a connection that ended', new Error('Connection terminated unexpectedly')],
    ['a pooler that lost its server', protocolViolation('FATAL')],
    ['a pooler that is asked directly', Object.assign(new Error(), { code: '08P01', severity: 'FATAL' })],
    ['a connection that failed', { code: 'P2010', meta: { code: '08006' } }],
  ])('is 503 to the caller: %s', (_, error) => {
    expect(asDatabaseFault(error)).toMatchObject({ code: 'database.unavailable' });
  });

  it('is a defect of ours otherwise', () => {
    expect(asDatabaseFault({ code: 'P2010', meta: { code: '42601' } })).toBeNull();
    expect(asDatabaseFault(rawQueryFailed('postgres', 'syntax error'))).toBeNull();
    expect(asDatabaseFault(protocolViolation('ERROR'))).toBeNull();
    expect(asDatabaseFault(new TypeError('undefined is not a function'))).toBeNull();
  });
});
