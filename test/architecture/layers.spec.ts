import { describe, expect, it } from 'vitest';
import { badImports, circles, impureContracts, unknownRooms } from './layers.js';
import { parseSource, readSources } from './source-tree.js';

const files = readSources('src');

const breaches = (path: string, ...lines: string[]) => badImports([parseSource(path, lines.join('\n'))]);

describe('layers', () => {
  it('lets imports point down only', () => {
    expect(badImports(files)).toEqual([]);
  });

  it('knows every room', () => {
    expect(unknownRooms(files)).toEqual([]);
    expect(unknownRooms([parseSource('src/attic/box.ts', '')])).toEqual(['attic']);
  });

  it('has no circles', () => {
    expect(circles(files)).toEqual([]);
  });

  it('keeps the wire free of everything else', () => {
    expect(impureContracts(files)).toEqual([]);
  });

  it('catches an import that points up, also of a type, a re-export or a dynamic one', () => {
    expect(breaches('src/kernel/ids.ts', "import type { Config } from '../config/config.js';")).toHaveLength(
      1,
    );
    expect(breaches('src/tasks/a.ts', "export { B } from '../queue/queue.service.js';")).toHaveLength(1);
    expect(breaches('src/tasks/a.ts', "await import('../queue/queue.service.js');")).toHaveLength(1);
    expect(breaches('src/tasks/a.ts', "let b: import('../queue/queue.service.js').B;")).toHaveLength(1);
    expect(breaches('src/tasks/a.ts', "import { C } from '../config/config.js';")).toEqual([]);
  });

  it('lets tests alone reach for what tests share', () => {
    const line = "import { zip } from '../../test/support/made-files.js';";
    expect(breaches('src/tasks/a.spec.ts', line)).toEqual([]);
    expect(breaches('src/tasks/a.ts', line)).toHaveLength(1);
  });

  it('catches a feature that imports a feature, and an entry file below apps', () => {
    expect(
      breaches('src/images/a.ts', "import { D } from '../documents/documents.service.js';"),
    ).toHaveLength(1);
    expect(breaches('src/cli/a.ts', "import { D } from '../documents/documents.contract.js';")).toEqual([]);
    expect(breaches('src/cli/a.ts', "import { m } from '../main.api.js';")).toHaveLength(1);
  });

  it("catches the use of another room's repository", () => {
    expect(breaches('src/apps/a.ts', "import { R } from '../tasks/tasks.repository.js';")).toEqual([
      'src/apps/a.ts:1 imports src/tasks/tasks.repository.ts: it belongs to tasks alone',
    ]);
  });

  it('catches a client that knows more than the wire', () => {
    expect(breaches('src/client/a.ts', "import { S } from '../tasks/tasks.service.js';")).toHaveLength(1);
    expect(breaches('src/client/a.ts', "import { S } from '../tasks/tasks.contract.js';")).toEqual([]);
    expect(breaches('src/tasks/a.ts', "import { C } from '../client/intake-client.js';")).toHaveLength(1);
    expect(
      impureContracts([parseSource('src/a/a.contract.ts', "import { A } from '@nestjs/common';")]),
    ).toHaveLength(1);
  });

  it('catches a circle', () => {
    const circle = [
      parseSource('src/tasks/a.ts', "import './b.js';"),
      parseSource('src/tasks/b.ts', "import type { C } from './c.js';"),
      parseSource('src/tasks/c.ts', "export * from './a.js';"),
      parseSource('src/tasks/d.ts', "import './a.js';"),
    ];
    expect(circles(circle)).toEqual(['src/tasks/a.ts -> src/tasks/b.ts -> src/tasks/c.ts -> src/tasks/a.ts']);
  });
});
