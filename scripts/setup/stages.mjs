import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { run, runNode } from './program.mjs';

/** What a stage found. A check counts as one test. */
const NOTHING = { passed: 0, failed: 0, skipped: 0 };

const CHECKS = {
  types: ['node_modules/typescript/bin/tsc', '--noEmit'],
  lint: ['node_modules/oxlint/bin/oxlint', '--type-aware', '--deny-warnings'],
  format: ['node_modules/prettier/bin/prettier.cjs', '--check', '--log-level=warn', '.'],
};

/** The stages in the order in which they run: the cheap ones first. Those that need servers start their own. */
export const STAGES = ['checks', 'unit', 'conformance', 'medium', 'e2e', 'chaos'];

/**
 * Runs one stage and shows what it says.
 * @param {string[]} files only the test files whose path contains one of these
 * @param {object} env additions to the environment of the tests
 */
export function runStage(stage, files, env) {
  return stage === 'checks' ? runChecks() : runTests(stage, files, env);
}

export function sum(results) {
  const total = (kind) => results.reduce((soFar, result) => soFar + result[kind], 0);
  return { passed: total('passed'), failed: total('failed'), skipped: total('skipped') };
}

async function runChecks() {
  const results = [];
  for (const [name, args] of Object.entries(CHECKS)) {
    const { code } = await runNode(args, { show: true });
    console.log(`${name}: ${code === 0 ? 'passed' : 'FAILED'}`);
    results.push({ ...NOTHING, [code === 0 ? 'passed' : 'failed']: 1 });
  }
  return sum(results);
}

async function runTests(stage, files, env) {
  const report = join('.local', `report-${process.pid}-${stage}.json`);
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const empty = files.length === 0 ? ['--passWithNoTests'] : [];
  const args = [
    'node_modules/vitest/vitest.mjs',
    'run',
    '--project',
    stage,
    ...reporters,
    ...empty,
    ...files,
  ];
  const { code } = await run(process.execPath, args, { env, show: true });
  try {
    return count(JSON.parse(readFileSync(report, 'utf8')), code);
  } catch {
    // No report: nothing was run, or the runner itself died.
    return { ...NOTHING, failed: code === 0 ? 0 : 1 };
  } finally {
    rmSync(report, { force: true });
  }
}

/** A file that failed without a failed test, in its loading or its hooks, counts as one; so does any other failure. */
function count({ numPassedTests, numFailedTests, numPendingTests, numTodoTests, testResults }, code) {
  const hidden = testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && assertionResults.every((result) => result.status !== 'failed'),
  );
  const failed = numFailedTests + hidden.length;
  return {
    passed: numPassedTests,
    failed: failed || (code === 0 ? 0 : 1),
    skipped: numPendingTests + numTodoTests,
  };
}
