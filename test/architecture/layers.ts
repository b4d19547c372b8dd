import type { SourceFile } from './source-tree.js';

/** The rooms of src from the bottom up. An import points to a lower row; a room's own files are free to use each other. */
const LAYERS = [
  ['kernel'],
  ['config', 'telemetry'],
  ['http', 'database'],
  ['storage', 'vectors', 'sandbox', 'transport', 'tenants'],
  ['engines/embeddings', 'engines/ocr', 'engines/extraction', 'engines/pictures'],
  ['tasks'],
  [
    'sweeps',
    'queue',
    'schedules',
    'operations',
    'reindex',
    'webhooks',
    'realtime',
    'remote-workers',
    'health',
    'metrics',
  ],
  ['documents', 'images', 'receipts', 'diagnostics', 'console', 'cli'],
  ['apps'],
];

/** Imports inside a row, each with its reason. */
const SIDEWAYS: Record<string, string> = {
  'telemetry -> config': 'logs and traces are configured',
  'http -> database': 'a database that cannot be reached is a documented answer of every route',
  'queue -> operations': 'what operators do to many tasks is background work',
  'engines/pictures -> engines/embeddings': 'a picture is read into what embedders take',
  'engines/extraction -> engines/ocr': 'a scanned page goes through OCR',
};

/** Rooms that use the private files of another, each with its reason. */
const LENT: Record<string, string> = {
  'sweeps -> tasks':
    'a sweep is housekeeping of the tasks: it works on rows of every tenant in transactions of its own',
};

/** Outside of the layers: what we ship for other programs. They see the kernel and the wire, nothing else. */
const SHIPPED = ['client', 'testing'];
const MAY_USE_SHIPPED = ['cli', 'apps', 'testing'];

/** Files that belong to their room alone, whoever stands above it. */
const PRIVATE_ROLE = /\.(repository|adapter|controller|handler|gateway|command|sql|thread|sweep|spec)\.ts$/;
/** What tests share stands in no layer; only tests reach for it. */
const TEST_SUPPORT = 'test/support/';
const CONTRACT = /\.contract\.ts$/;
const GENERATED = 'src/generated/';

/** The folder below src that a file lives in; the entry files belong to `apps`. */
export function roomOf(path: string): string {
  const [, room = '', inner = ''] = path.split('/');
  if (room.endsWith('.ts')) return 'apps';
  return room === 'engines' && !inner.endsWith('.ts') ? `engines/${inner}` : room;
}

/** Imports that point up or sideways, into a private file of another room, or out of what we ship. */
export function badImports(files: readonly SourceFile[]): string[] {
  return files.flatMap(({ path, imports }) =>
    imports
      .filter(({ isPackage, target }) => !isPackage && !target.startsWith(GENERATED))
      .map(({ target, line }) => ({
        where: `${path}:${line}`,
        target,
        complaint: complaintAbout(path, target),
      }))
      .filter(({ complaint }) => complaint !== null)
      .map(({ where, target, complaint }) => `${where} imports ${target}: ${complaint}`),
  );
}

/** Folders of src that stand in no row of the table. */
export function unknownRooms(files: readonly SourceFile[]): string[] {
  const rooms = new Set(files.map(({ path }) => roomOf(path)));
  return [...rooms].filter((room) => layerOf(room) === undefined && !SHIPPED.includes(room));
}

/** Circles of imports between files, type imports included, each named once by the files on it. */
export function circles(files: readonly SourceFile[]): string[] {
  const graph = new Map(files.map(({ path, imports }) => [path, imports.map(({ target }) => target)]));
  const found = new Map<string, string>();
  const done = new Set<string>();
  const walk = (path: string, trail: string[]): void => {
    const start = trail.indexOf(path);
    if (start >= 0) {
      const circle = trail.slice(start);
      found.set(circle.toSorted().join(), [...circle, path].join(' -> '));
    }
    if (start >= 0 || done.has(path)) return;
    for (const target of graph.get(path) ?? []) walk(target, [...trail, path]);
    done.add(path);
  };
  for (const path of graph.keys()) walk(path, []);
  return [...found.values()];
}

/** A wire shape must be readable by the client, which has no Nest and none of our rooms. */
export function impureContracts(files: readonly SourceFile[]): string[] {
  return files
    .filter(({ path }) => CONTRACT.test(path))
    .flatMap(({ path, imports }) =>
      imports
        .filter(({ target, isPackage }) => (isPackage ? target !== 'zod' : !isWire(target)))
        .map(
          ({ target, line }) =>
            `${path}:${line} imports ${target}: a contract knows Zod, the kernel and contracts`,
        ),
    );
}

function complaintAbout(from: string, target: string): string | null {
  const [source, aim] = [roomOf(from), roomOf(target)];
  if (source === aim) return null;
  if (from.endsWith('.spec.ts') && target.startsWith(TEST_SUPPORT)) return null;
  if (PRIVATE_ROLE.test(target) && !LENT[`${source} -> ${aim}`]) return `it belongs to ${aim} alone`;
  if (SHIPPED.includes(source))
    return isWire(target) || SHIPPED.includes(aim) ? null : `${source} sees the kernel and contracts`;
  if (SHIPPED.includes(aim)) return MAY_USE_SHIPPED.includes(source) ? null : `${aim} is for other programs`;
  if (source === 'cli' && CONTRACT.test(target)) return null;
  if (SIDEWAYS[`${source} -> ${aim}`]) return null;
  const [high, low] = [layerOf(source), layerOf(aim)];
  if (high === undefined || low === undefined) return 'one of the rooms stands in no layer';
  return low < high
    ? null
    : `${source} (layer ${high}) may not look ${low === high ? 'sideways' : 'up'} at ${aim} (layer ${low})`;
}

function isWire(target: string): boolean {
  return CONTRACT.test(target) || roomOf(target) === 'kernel';
}

function layerOf(room: string): number | undefined {
  const layer = LAYERS.findIndex((rooms) => rooms.includes(room));
  return layer < 0 ? undefined : layer;
}
