// Sets up what is missing or changed, then runs every stage of tests and prints one line of totals.
//   npm test                            everything
//   npm test -- --stage unit [FILE...]  one stage, or only some files of it
import './setup/node-version.mjs';

const { mkdirSync } = await import('node:fs');
const { orExplain, SetupFault } = await import('./setup/fault.mjs');
const { prepare } = await import('./setup/prepare.mjs');
const { runStage, STAGES, sum } = await import('./setup/stages.mjs');

await orExplain(main);

async function main() {
  const { stages, files } = readArguments(process.argv.slice(2));
  await prepare();
  mkdirSync('.local', { recursive: true });
  const redis = await redisFor(stages);

  const results = [];
  for (const stage of stages) {
    console.log(`\n== ${stage}`);
    const begunMs = performance.now();
    const result = await runStage(stage, files, redis.env);
    results.push(result);
    console.log(`== ${stage}: ${inWords(result)}, ${((performance.now() - begunMs) / 1_000).toFixed(1)} s`);
  }

  const total = sum(results);
  if (redis.warning) console.log(`\n${redis.warning}`);
  console.log(`\n${inWords(total)}`);
  process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0;
}

function readArguments(args) {
  if (args.length === 0) return { stages: STAGES, files: [] };
  const [option, stage, ...files] = args;
  if (option === '--stage' && STAGES.includes(stage)) return { stages: [stage], files };
  throw new SetupFault(`Use: npm test, or npm test -- --stage ${STAGES.join('|')} [FILE...]`);
}

/** Half of the queue's tests need a Redis. Where none can be had they are left out, loudly, but never in CI. */
async function redisFor(stages) {
  if (stages.every((stage) => stage === 'checks' || stage === 'unit')) return { env: {} };
  const { findRedis } = await import('./setup/redis.mjs');
  const { program, missing } = await findRedis();
  if (program) return { env: { INTAKE_TEST_REDIS: program } };
  const cure = `${missing}. Install redis-server, or name one with REDIS_SERVER_BIN.`;
  if (process.env.CI === 'true') throw new SetupFault(`CI must test on Redis too: ${cure}`);
  return { env: {}, warning: `!!! THE TESTS ON REDIS WERE LEFT OUT: ${cure}` };
}

function inWords({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}
