import { isIP, type BlockList } from 'node:net';
import type { AllowEntry } from '../kernel/allow-entry.js';
import { Fault } from '../kernel/fault.js';
import { classOfAddress, listOf } from './outbound-addresses.js';

/** Where a request goes, after its text was found plain. */
export interface OutboundTarget {
  readonly url: URL;
  /** A name, or an address without brackets. */
  readonly host: string;
  readonly port: number;
}

export interface OutboundRules {
  /** Exceptions of the operator. */
  allow: readonly AllowEntry[];
  /** A deployment that only its own machine can reach may call back its own machine. */
  allowLoopback: boolean;
}

const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 };
/** Below are services that speak no HTTP, apart from its own two. */
const FIRST_USER_PORT = 1_024;
const AUTHORITY = /^https?:\/\/([^/?#]*)/i;
// oxlint-disable-next-line no-control-regex
const ODD_CHARACTER = /[\u0000-\u0020\u007f\\]/;
const LOOPBACK: AllowEntry[] = [
  { kind: 'network', address: '127.0.0.0', prefix: 8, port: null },
  { kind: 'network', address: '::1', prefix: 128, port: null },
];

/** Which addresses requests that somebody else asked for may reach. Decides only; asks nobody. */
export class OutboundPolicy {
  private readonly entries: ReadonlyArray<{ entry: AllowEntry; v4: BlockList; v6: BlockList }>;

  constructor({ allow, allowLoopback }: OutboundRules) {
    const all = allowLoopback ? [...allow, ...LOOPBACK] : allow;
    this.entries = all.map((entry) => {
      const networks = entry.kind === 'network' ? [`${entry.address}/${entry.prefix}`] : [];
      return { entry, v4: listOf(networks, 4), v6: listOf(networks, 6) };
    });
  }

  /**
   * Reads a URL, and refuses what it says of itself: schemes, ports, user names, other spellings of addresses, and
   * literal addresses that are not public.
   * @throws Fault outbound.forbidden
   */
  target(text: string): OutboundTarget {
    if (ODD_CHARACTER.test(text)) throw forbidden('holds a blank, a control character or a backslash');
    if (!URL.canParse(text)) throw forbidden('is no URL; send one such as https://hooks.example/intake');
    const url = new URL(text);
    const port = DEFAULT_PORTS[url.protocol];
    if (port === undefined) throw forbidden('must begin with http:// or https://');
    if (url.username || url.password) throw forbidden('holds a user name or a password; leave them out');
    const host = url.hostname.replace(/^\[|\]$/g, '');
    if (host.endsWith('.')) throw forbidden('has a host that ends with a dot; leave it out');
    refuseOtherSpellings(text, url.hostname);
    const target = { url, host, port: url.port ? Number(url.port) : port };
    this.refusePort(target);
    if (isIP(host)) this.admit(target, [host]);
    return target;
  }

  /**
   * Every address must be fit, since which one a later dial takes is nobody's promise.
   * @throws Fault outbound.forbidden; the text does not tell the address, which may be a secret of the network
   */
  admit(target: OutboundTarget, addresses: readonly string[]): void {
    for (const address of addresses) {
      const kind = classOfAddress(address);
      if (kind === 'public' || this.isAllowed(target, address)) continue;
      const what = isIP(target.host) ? `is a ${kind} address` : `leads to a ${kind} address`;
      throw forbidden(`${what}; the operator may list ${target.host} in OUTBOUND_ALLOW`);
    }
  }

  private refusePort(target: OutboundTarget): void {
    const { port, host } = target;
    const isUsual = Object.values(DEFAULT_PORTS).includes(port) || port >= FIRST_USER_PORT;
    if (isUsual || this.isAllowed(target, host, true)) return;
    throw forbidden(`names port ${port}; use 80, 443 or one from ${FIRST_USER_PORT}`);
  }

  private isAllowed({ host, port }: OutboundTarget, address: string, byPort = false): boolean {
    return this.entries.some(({ entry, v4, v6 }) => {
      if (entry.port === null ? byPort : entry.port !== port) return false;
      if (entry.kind === 'host') return entry.host === host;
      const family = isIP(address);
      return family === 4 ? v4.check(address, 'ipv4') : family === 6 && v6.check(address, 'ipv6');
    });
  }
}

/** `2130706433`, `0x7f.1` and `017700000001` are 127.0.0.1 to whoever parses them: who means it can write it. */
function refuseOtherSpellings(text: string, hostname: string): void {
  const [, authority = ''] = AUTHORITY.exec(text) ?? [];
  const written = authority.replace(/:\d*$/, '').toLowerCase();
  if (isIP(hostname) === 4 && written !== hostname)
    throw forbidden(`spells the address ${hostname} in another way; write it plainly`);
}

function forbidden(what: string): Fault {
  return new Fault('outbound.forbidden', `The URL ${what}`);
}
