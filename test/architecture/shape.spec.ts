import { describe, expect, it } from 'vitest';
import { badNames, headless, oversized } from './shape.js';
import { parseSource, readSources } from './source-tree.js';

const source = readSources('src');
const tests = readSources('test');

const at = (path: string, text: string) => [parseSource(path, text)];

describe('shape', () => {
  it('names every file for what it is', () => {
    expect(badNames([...source, ...tests].map(({ path }) => path))).toEqual([]);
  });

  it('stays below the stops of size', () => {
    expect(oversized([...source, ...tests])).toEqual([]);
  });

  it('opens each module with what it owns, promises and never does', () => {
    expect(headless(source)).toEqual([]);
  });

  it('catches each of them', () => {
    expect(badNames(['src/a/taskRunner.ts'])).toHaveLength(1);
    expect(badNames(['src/a/a.thing.ts'])).toHaveLength(1);
    expect(badNames(['src/a/string-utils.ts', 'src/common/a.ts', 'src/a/queue-manager.ts'])).toHaveLength(3);
    expect(
      badNames(['src/a/task-runner.service.ts', 'src/a/lifecycle.ts', 'src/a/a.adapter.spec.ts']),
    ).toEqual([]);
    expect(oversized(at('src/a/a.ts', '\n'.repeat(400) + 'const a = 1;'))).toHaveLength(1);
    expect(oversized(at('src/a/a.sql.ts', '\n'.repeat(400) + 'const a = 1;'))).toEqual([]);
    expect(oversized(at('src/a/a.ts', `const a = () => {${'\n'.repeat(80)}};`))).toEqual([
      'src/a/a.ts:1 a function of 81 lines',
    ]);
    expect(oversized(at('src/a/a.ts', 'class A { constructor(a, b, c, d, e, f, g) {} }'))).toHaveLength(1);
    expect(
      headless(at('src/a/a.module.ts', '// owns: a. promises: b.\nimport x; // never: c.')),
    ).toHaveLength(1);
    expect(headless(at('src/a/a.module.ts', '// owns: a. promises: b.\n// never: c.\nimport x;'))).toEqual(
      [],
    );
  });
});
