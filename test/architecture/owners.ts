import ts from 'typescript';
import { descendants, lineOf, type SourceFile } from './source-tree.js';

const ANYWHERE = /./;
/** The kernel, the client and the wire are plain TypeScript. */
const FRAMEWORK = /^src\/(?!kernel\/|client\/)/;
const ADAPTER = /\.adapter\.ts$/;
const HTTP = /^src\/(http|health)\/|\.controller\.ts$/;

/** Who may import which package. A package that is not listed is a vendor's and belongs into an adapter. */
const PACKAGES: Record<string, RegExp> = {
  zod: ANYWHERE,
  rxjs: /^src\/(http|telemetry)\//,
  'reflect-metadata': ANYWHERE,
  '@nestjs/common': FRAMEWORK,
  '@nestjs/core': FRAMEWORK,
  '@nestjs/config': /^src\/config\//,
  '@nestjs/swagger': HTTP,
  '@nestjs/terminus': /^src\/health\//,
  '@nestjs/platform-fastify': /^src\/(http|apps)\//,
  fastify: FRAMEWORK,
  '@fastify/multipart': /^src\/http\//,
  '@fastify/static': /^src\/http\//,
  '@nestjs/bullmq': /^src\/transport\//,
  bullmq: /^src\/transport\//,
  ioredis: /^src\/transport\//,
  '@prisma/client': /^src\/database\//,
  '@prisma/adapter-pg': /^src\/database\//,
  pg: /^src\/database\//,
  'nestjs-pino': /^src\/(telemetry|http|apps)\//,
  pino: /^src\/telemetry\//,
  'pino-pretty': /^src\/telemetry\//,
  'pino-http': /^src\/telemetry\//,
  'prom-client': /^src\/telemetry\//,
  '@opentelemetry/api': /^src\/telemetry\//,
  '@opentelemetry/exporter-trace-otlp-http': /^src\/telemetry\//,
  '@opentelemetry/instrumentation-http': /^src\/telemetry\//,
  '@opentelemetry/sdk-node': /^src\/telemetry\//,
  commander: /^src\/(cli|apps)\//,
  'cli-table3': /^src\/(cli|apps)\//,
  croner: /^src\/schedules\//,
};

/** The generated client: rows are read and written in repositories, and by the vectors that live in Postgres. */
const PRISMA_CLIENT = /^src\/database\/|\.repository\.ts$|^src\/vectors\/.*\.adapter\.ts$/;
const ENVIRONMENT = /^src\/config\/|^src\/main\.\w+\.ts$/;
const WALL_CLOCK = /^src\/kernel\//;

/** Packages imported outside of the rooms that own them. */
export function foreignPackages(files: readonly SourceFile[]): string[] {
  return files.flatMap(({ path, imports }) =>
    imports
      .filter(({ target, isPackage }) => isPackage && !(PACKAGES[target] ?? ADAPTER).test(path))
      .map(({ target, line }) => `${path}:${line} imports ${target}, which ${ownersOf(target)}`),
  );
}

/** Uses of the generated database client outside of the data layer. */
export function foreignPrisma(files: readonly SourceFile[]): string[] {
  return files.flatMap(({ path, imports }) =>
    imports
      .filter(({ target }) => target.startsWith('src/generated/prisma/') && !PRISMA_CLIENT.test(path))
      .map(({ line }) => `${path}:${line} uses Prisma's client, which belongs to database and repositories`),
  );
}

/** Reads of the environment outside of config, and of the wall clock outside of the kernel. */
export function foreignReads(files: readonly SourceFile[]): string[] {
  return files.flatMap(({ path, ast }) =>
    descendants(ast).flatMap((node) => {
      const complaint = complaintAbout(path, node);
      return complaint ? [`${path}:${lineOf(ast, node)} ${complaint}`] : [];
    }),
  );
}

function complaintAbout(path: string, node: ts.Node): string | null {
  if (ts.isPropertyAccessExpression(node) && node.getText() === 'process.env' && !ENVIRONMENT.test(path)) {
    return 'reads the environment, which belongs to config';
  }
  if (WALL_CLOCK.test(path)) return null;
  if (ts.isPropertyAccessExpression(node) && node.getText() === 'Date.now')
    return 'reads the wall clock: inject Clock';
  if (ts.isNewExpression(node) && node.expression.getText() === 'Date' && !node.arguments?.length) {
    return 'reads the wall clock: inject Clock';
  }
  if (ts.isIdentifier(node) && node.text === 'forwardRef') return 'hides a circle with forwardRef';
  return null;
}

function ownersOf(target: string): string {
  return PACKAGES[target] ? `only ${PACKAGES[target].source} may` : 'only an *.adapter.ts may';
}
