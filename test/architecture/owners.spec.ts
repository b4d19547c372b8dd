import { describe, expect, it } from 'vitest';
import { foreignPackages, foreignPrisma, foreignReads } from './owners.js';
import { parseSource, readSources } from './source-tree.js';

const files = readSources('src').filter(({ path }) => !path.endsWith('.spec.ts'));

const at = (path: string, text: string) => [parseSource(path, text)];

describe('owners', () => {
  it('keeps each package in the rooms that own it, and vendors in adapters', () => {
    expect(foreignPackages(files)).toEqual([]);
  });

  it("keeps Prisma's client in the data layer", () => {
    expect(foreignPrisma(files)).toEqual([]);
  });

  it('keeps the environment in config and the wall clock in the kernel', () => {
    expect(foreignReads(files)).toEqual([]);
  });

  it('catches each of them', () => {
    expect(foreignPackages(at('src/tasks/a.ts', "import { Queue } from 'bullmq';"))).toHaveLength(1);
    expect(
      foreignPackages(at('src/kernel/a.ts', "import { Injectable } from '@nestjs/common';")),
    ).toHaveLength(1);
    expect(foreignPackages(at('src/storage/s3.ts', "import { S3 } from '@aws-sdk/client-s3';"))).toHaveLength(
      1,
    );
    expect(
      foreignPackages(at('src/storage/s3.adapter.ts', "import { S3 } from '@aws-sdk/client-s3';")),
    ).toEqual([]);
    expect(
      foreignPrisma(at('src/tasks/a.service.ts', "import '../generated/prisma/client.js';")),
    ).toHaveLength(1);
    expect(foreignPrisma(at('src/tasks/a.repository.ts', "import '../generated/prisma/client.js';"))).toEqual(
      [],
    );
    expect(foreignReads(at('src/tasks/a.ts', 'const home = process.env.HOME;'))).toHaveLength(1);
    expect(foreignReads(at('src/tasks/a.ts', 'const now = Date.now();'))).toHaveLength(1);
    expect(foreignReads(at('src/tasks/a.ts', 'const now = new Date();'))).toHaveLength(1);
    expect(foreignReads(at('src/tasks/a.ts', 'const then = new Date(row.created_at);'))).toEqual([]);
    expect(foreignReads(at('src/tasks/a.ts', 'inject(forwardRef(() => A));'))).toHaveLength(1);
  });
});
