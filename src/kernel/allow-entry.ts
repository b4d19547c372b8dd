import { isIP } from 'node:net';

/** One exception of `OUTBOUND_ALLOW`: a host by its name, or a network; at one port, or at any when `null`. */
export type AllowEntry =
  | { kind: 'host'; host: string; port: number | null }
  | { kind: 'network'; address: string; prefix: number; port: number | null };

const HOST_NAME =
  /^(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*$/;
const WITH_PORT = /^(?:\[(?<v6>[^\]]+)\]|(?<host>[^:]+))(?::(?<port>\d{1,5}))?$/;

/**
 * Reads `host`, `host:port`, an address, `[v6 address]:port`, or a network such as `10.1.0.0/16`.
 * @returns `null` for anything else
 */
export function parseAllowEntry(text: string): AllowEntry | null {
  const entry = text.toLowerCase();
  if (entry.includes('/')) return networkOf(entry);
  if (isIP(entry)) return atAddress(entry, null);
  const { v6, host = '', port: digits } = WITH_PORT.exec(entry)?.groups ?? {};
  const port = digits === undefined ? null : Number(digits);
  if (port !== null && (port < 1 || port > 65_535)) return null;
  if (v6 !== undefined) return isIP(v6) === 6 ? atAddress(v6, port) : null;
  if (isIP(host)) return atAddress(host, port);
  return HOST_NAME.test(host) && !/(?:^|\.)\d+$/.test(host) ? { kind: 'host', host, port } : null;
}

/** The entries of a list that is separated by commas or blanks; `faulty` are those that cannot be read. */
export function parseAllowList(text: string | undefined): { entries: AllowEntry[]; faulty: string[] } {
  const words = (text ?? '').split(/[\s,]+/).filter(Boolean);
  const parsed = words.map((word) => ({ word, entry: parseAllowEntry(word) }));
  return {
    entries: parsed.flatMap(({ entry }) => entry ?? []),
    faulty: parsed.flatMap(({ word, entry }) => (entry ? [] : word)),
  };
}

function networkOf(text: string): AllowEntry | null {
  const [address = '', bits = '', ...rest] = text.split('/');
  const family = isIP(address);
  const prefix = Number(bits);
  if (rest.length > 0 || !/^\d{1,3}$/.test(bits) || !family || prefix > bitsOf(family)) return null;
  return { kind: 'network', address, prefix, port: null };
}

function atAddress(address: string, port: number | null): AllowEntry {
  return { kind: 'network', address, prefix: bitsOf(isIP(address)), port };
}

function bitsOf(family: number): number {
  return family === 4 ? 32 : 128;
}
