// What a large backlog and a long history cost: Redis' memory, and the pages that dispatch, claim and stats touch.
//   npm run scale
//   npm run scale -- --waiting 1000000 --final 10000000 --json scale.json
import './setup/node-version.mjs';

const { orExplain } = await import('./setup/fault.mjs');
const { prepare } = await import('./setup/prepare.mjs');
const { runNode } = await import('./setup/program.mjs');
const { findRedis } = await import('./setup/redis.mjs');

await orExplain(main);

async function main() {
  await prepare();
  const { program } = await findRedis();
  const args = ['--import', './test/support/typescript.mjs', 'test/bench/scale.ts', ...process.argv.slice(2)];
  const env = program ? { INTAKE_TEST_REDIS: program } : {};
  const { code } = await runNode(args, { show: true, env });
  process.exitCode = code ?? 1;
}
