import { Fault } from '../kernel/fault.js';

/** Codes of Node, pg and Prisma for a server that is not there, is going down, hung up on us, or took too long. */
const UNREACHABLE =
  /^(ECONNREFUSED|ECONNRESET|ENOTFOUND|ETIMEDOUT|EPIPE|57P0[123]|08\w{3}|53300|P1001|P1002|P1008|P1017|P2024|P2028)$/;
/** What Prisma's adapter makes of the same, where it keeps no code. */
const UNREACHABLE_KIND = /^(DatabaseNotReachable|ConnectionClosed|SocketTimeout|TooManyConnections)$/;
/**
 * What Postgres calls a statement that it was sent wrongly, which would fail for ever, and PgBouncer, unless it knows a
 * better name, every outage: that ends the session.
 */
const PROTOCOL_VIOLATION = '08P01';
const ENDS_THE_SESSION = 'FATAL';
const HUNG_UP =
  /Connection terminated|terminating connection|server closed the connection|timeout exceeded when trying to connect|Can't reach database|the database system is|Client has encountered a connection error|Unable to start a transaction|Query read timeout|not queryable/i;
const DEADLOCK_OR_SERIALISATION = /^(40P01|40001|P2034)$/;

/** What a bad row looks like: SQLSTATE class 22 (data exception) or 23 (constraint). */
const BAD_ROW = /^2[23]\w{3}$/;

interface Coded {
  code?: unknown;
  message?: unknown;
  cause?: unknown;
  kind?: unknown;
  severity?: unknown;
  meta?: { code?: unknown; driverAdapterError?: unknown };
  originalCode?: unknown;
}

/** The codes along an error's chain of causes: Prisma wraps the driver's error up to three deep. */
function codesOf(error: unknown, depth = 0): string[] {
  if (typeof error !== 'object' || error === null || depth > 5) return [];
  const { code, originalCode, kind, severity, meta, cause } = error as Coded;
  const isSentWrongly = severity !== undefined && severity !== ENDS_THE_SESSION;
  const own = [code, originalCode, kind, meta?.code]
    .filter((value) => typeof value === 'string')
    .filter((value) => value !== PROTOCOL_VIOLATION || !isSentWrongly);
  return [...own, ...codesOf(meta?.driverAdapterError, depth + 1), ...codesOf(cause, depth + 1)];
}

function messagesOf(error: unknown, depth = 0): string {
  if (typeof error !== 'object' || error === null || depth > 5) return '';
  const { message, cause } = error as Coded;
  return `${String(message)}\n${messagesOf(cause, depth + 1)}`;
}

/** The transaction changed nothing and may simply be repeated. */
export function isRepeatable(error: unknown): boolean {
  return codesOf(error).some((code) => DEADLOCK_OR_SERIALISATION.test(code));
}

/** One of the rows cannot be stored; its neighbours can. */
export function isBadRow(error: unknown): boolean {
  return codesOf(error).some((code) => BAD_ROW.test(code));
}

/** @returns a Fault when Postgres cannot be reached, `null` for any other error */
export function asDatabaseFault(error: unknown): Fault | null {
  if (error instanceof Fault) return null;
  const unreachable =
    codesOf(error).some((code) => UNREACHABLE.test(code) || UNREACHABLE_KIND.test(code)) ||
    HUNG_UP.test(messagesOf(error));
  if (!unreachable) return null;
  return new Fault('database.unavailable', 'Postgres cannot be reached; try again shortly', {
    retryAfterSeconds: 2,
    cause: error,
  });
}
