import { BlockList, isIP } from 'node:net';

/**
 * What is not the public internet, by IANA's registries of special-purpose addresses (RFC 6890), and the addresses at
 * which clouds hand out credentials. The first that fits names an address.
 */
const CLASSES: ReadonlyArray<readonly [string, readonly string[]]> = [
  ['loopback', ['127.0.0.0/8', '::1/128']],
  [
    'metadata',
    [
      '169.254.169.254/32',
      '169.254.170.2/32',
      '168.63.129.16/32',
      '100.100.100.200/32',
      '192.0.0.192/32',
      'fd00:ec2::/32',
    ],
  ],
  ['link-local', ['169.254.0.0/16', 'fe80::/10']],
  ['private', ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7', 'fec0::/10']],
  ['shared', ['100.64.0.0/10']],
  ['multicast', ['224.0.0.0/4', 'ff00::/8']],
  ['translated', ['::ffff:0:0/96', '::ffff:0:0:0/96', '64:ff9b::/96', '64:ff9b:1::/48', '2002::/16']],
  [
    'reserved',
    [
      '0.0.0.0/8',
      '192.0.0.0/24',
      '192.0.2.0/24',
      '192.88.99.0/24',
      '198.18.0.0/15',
      '198.51.100.0/24',
      '203.0.113.0/24',
      '240.0.0.0/4',
      '2001::/23',
      '2001:db8::/32',
      '3fff::/20',
    ],
  ],
];

const LISTS = CLASSES.map(([name, networks]) => ({ name, v4: listOf(networks, 4), v6: listOf(networks, 6) }));
/** All that was ever given out: the rest of IPv6 is reserved, `::a.b.c.d` included. */
const GLOBAL_UNICAST = listOf(['2000::/3'], 6);

/**
 * @param address as a resolver gives it
 * @returns `public`, or why it is not: a name from the table above
 */
export function classOfAddress(address: string): string {
  const family = isIP(address);
  // A zone (`fe80::1%eth0`) names an interface of this machine.
  if (!family || address.includes('%')) return 'reserved';
  const found = LISTS.find((list) =>
    family === 4 ? list.v4.check(address, 'ipv4') : list.v6.check(address, 'ipv6'),
  );
  if (found) return found.name;
  return family === 4 || GLOBAL_UNICAST.check(address, 'ipv6') ? 'public' : 'reserved';
}

/** Networks of one family only: `BlockList` would take an IPv4 address for its mapped form, and the other way round. */
export function listOf(networks: readonly string[], family: 4 | 6): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', prefix = ''] = network.split('/');
    if (isIP(address) === family) list.addSubnet(address, Number(prefix), family === 4 ? 'ipv4' : 'ipv6');
  }
  return list;
}
