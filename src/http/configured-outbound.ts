import type { AllowEntry } from '../kernel/allow-entry.js';
import { parseAllowEntry } from '../kernel/allow-entry.js';
import { OutboundPolicy } from './outbound-policy.js';
import { SystemDialer, SystemResolver } from './outbound-ports.js';
import { Outbound } from './outbound.js';

/**
 * The way out to a service that the operator configured: to its host and port, private or not, and to no other private
 * address. What clients name goes through the common `Outbound`, which knows nothing of this one.
 */
export function configuredOutbound(url: string): Outbound {
  const policy = new OutboundPolicy({ allow: entriesOf(new URL(url)), allowLoopback: false });
  return new Outbound(policy, new SystemResolver(), new SystemDialer());
}

function entriesOf({ hostname, port, protocol }: URL): AllowEntry[] {
  const entry = parseAllowEntry(`${hostname}:${port || (protocol === 'https:' ? 443 : 80)}`);
  return entry ? [entry] : [];
}
