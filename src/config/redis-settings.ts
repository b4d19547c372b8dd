import { readFileSync } from 'node:fs';

export interface Address {
  host: string;
  port: number;
}

export interface RedisConfig {
  /** One server, or the first that is asked: where it stands is told by exactly one of these four. */
  url?: string;
  host?: string;
  cluster?: readonly Address[];
  sentinels?: { name: string; addresses: readonly Address[] };
  /** Of `host`. */
  port: number;
  db: number;
  username?: string;
  password?: string;
  /** Texts in PEM; absent without TLS. */
  tls?: { ca?: string; cert?: string; key?: string };
}

/** What the environment says about Redis. */
interface RedisVariables {
  REDIS_URL?: string;
  REDIS_HOST?: string;
  REDIS_PORT?: string;
  REDIS_DB: number;
  REDIS_USERNAME?: string;
  REDIS_PASSWORD?: string;
  REDIS_CLUSTER_NODES?: string;
  REDIS_SENTINELS?: string;
  REDIS_SENTINEL_NAME?: string;
  REDIS_TLS: boolean;
  REDIS_TLS_CA_FILE?: string;
  REDIS_TLS_CERT_FILE?: string;
  REDIS_TLS_KEY_FILE?: string;
}

const PORT = 6_379;
const SENTINEL_PORT = 26_379;
const TLS_FILES = ['REDIS_TLS_CA_FILE', 'REDIS_TLS_CERT_FILE', 'REDIS_TLS_KEY_FILE'] as const;

/** @returns `null` when the queue runs on Postgres */
export function toRedis(env: RedisVariables): RedisConfig | null {
  if (!placesOf(env).length) return null;
  return {
    url: env.REDIS_URL,
    host: env.REDIS_HOST,
    cluster: env.REDIS_CLUSTER_NODES ? addressesOf(env.REDIS_CLUSTER_NODES, PORT) : undefined,
    sentinels: env.REDIS_SENTINELS
      ? { name: env.REDIS_SENTINEL_NAME ?? '', addresses: addressesOf(env.REDIS_SENTINELS, SENTINEL_PORT) }
      : undefined,
    port: Number(env.REDIS_PORT ?? PORT),
    db: env.REDIS_DB,
    username: env.REDIS_USERNAME,
    password: env.REDIS_PASSWORD,
    tls: toTls(env),
  };
}

/** What is wrong with the variables of Redis together, each as `[variable, text]`. */
export function redisFaults(env: RedisVariables): Array<[keyof RedisVariables, string]> {
  const places = placesOf(env);
  const [first, second] = places;
  const alone = (['REDIS_PORT', 'REDIS_PASSWORD'] as const).filter((name) => !first && env[name]);
  const faults: Array<[keyof RedisVariables, string] | false> = [
    ...alone.map((name): [typeof name, string] => [
      name,
      'is set without REDIS_URL, REDIS_HOST, REDIS_CLUSTER_NODES or REDIS_SENTINELS; name the server too',
    ]),
    !!second && [second, `is set beside ${first}: which of the two is Redis? Keep one`],
    !!env.REDIS_CLUSTER_NODES && env.REDIS_DB > 0 && ['REDIS_DB', 'must be 0: a cluster has no other'],
    !!env.REDIS_SENTINELS &&
      !env.REDIS_SENTINEL_NAME && ['REDIS_SENTINEL_NAME', 'is not set: name the master that they watch'],
    !!env.REDIS_SENTINEL_NAME &&
      !env.REDIS_SENTINELS && ['REDIS_SENTINEL_NAME', 'is set without REDIS_SENTINELS; name them too'],
    ...(['REDIS_CLUSTER_NODES', 'REDIS_SENTINELS'] as const).map(
      (name): [typeof name, string] | false =>
        !isAddressList(env[name]) && [name, 'must be host:port, several separated by commas'],
    ),
    !env.REDIS_TLS_CERT_FILE !== !env.REDIS_TLS_KEY_FILE && [
      env.REDIS_TLS_CERT_FILE ? 'REDIS_TLS_CERT_FILE' : 'REDIS_TLS_KEY_FILE',
      'needs the other of REDIS_TLS_CERT_FILE and REDIS_TLS_KEY_FILE',
    ],
    ...TLS_FILES.map((name): [typeof name, string] | false => {
      const why = env[name] ? unreadable(env[name]) : null;
      return why !== null && [name, `cannot be read (${why}): ${env[name]}`];
    }),
  ];
  return faults.filter((fault) => fault !== false);
}

/** Two servers named at once; a URL with a host beside it has always been the URL. */
function placesOf(env: RedisVariables): Array<keyof RedisVariables> {
  const single = env.REDIS_URL ? 'REDIS_URL' : 'REDIS_HOST';
  return ([single, 'REDIS_CLUSTER_NODES', 'REDIS_SENTINELS'] as const).filter((name) => env[name]);
}

/** A file that is named says as clearly as REDIS_TLS that the way is to be secret. */
function toTls(env: RedisVariables): RedisConfig['tls'] {
  if (!env.REDIS_TLS && !TLS_FILES.some((name) => env[name])) return undefined;
  const [ca, cert, key] = TLS_FILES.map((name) => (env[name] ? readFileSync(env[name], 'utf8') : undefined));
  return { ca, cert, key };
}

function unreadable(file: string): string | null {
  try {
    readFileSync(file);
    return null;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'unknown';
  }
}

function isAddressList(text: string | undefined): boolean {
  return (
    !text || addressesOf(text, PORT).every(({ host, port }) => host !== '' && port > 0 && port <= 65_535)
  );
}

/** `host`, `host:port` and `[address]:port`, separated by commas. */
function addressesOf(list: string, defaultPort: number): Address[] {
  return list.split(',').map((part) => {
    const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:\s]+))(?::(\d+))?$/.exec(part.trim()) ?? [];
    return { host: bracketed ?? plain ?? '', port: Number(port ?? defaultPort) };
  });
}
