import { describe, expect, it } from 'vitest';
import { asDatabaseFault } from './database-fault.js';

/** As Prisma wraps what its adapter heard of a raw query outside of a transaction. */
const rawQueryFailed = (kind: string, message: string) =>
  Object.assign(new Error(`Raw query failed. Code: \`N/A\`. Message: \`${message}\``), {
    code: 'P2010',
    meta: { driverAdapterError: { name: 'DriverAdapterError', cause: { kind } } },
  });

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
  ])('is 503 to the caller: %s', (_, error) => {
    expect(asDatabaseFault(error)).toMatchObject({ code: 'database.unavailable' });
  });

  it('is a defect of ours otherwise', () => {
    expect(asDatabaseFault({ code: 'P2010', meta: { code: '42601' } })).toBeNull();
    expect(asDatabaseFault(rawQueryFailed('postgres', 'syntax error'))).toBeNull();
    expect(asDatabaseFault(new TypeError('undefined is not a function'))).toBeNull();
  });
});
