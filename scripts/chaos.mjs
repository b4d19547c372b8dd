// Hurts a deployment under load in every way we know, and counts what it lost.
//   npm run chaos                                     each fault once, on Redis and on Postgres
//   npm run chaos -- --minutes 60                     over and over for an hour
//   npm run chaos -- --fault worker-killed --transport redis --json chaos.json
//   npm run chaos -- --list
import './setup/node-version.mjs';

const { orExplain } = await import('./setup/fault.mjs');
const { prepare } = await import('./setup/prepare.mjs');
const { runNode } = await import('./setup/program.mjs');
const { findRedis } = await import('./setup/redis.mjs');

await orExplain(main);

async function main() {
  await prepare();
  const { program } = await findRedis();
  const args = ['--import', './test/support/typescript.mjs', 'test/chaos/main.ts', ...process.argv.slice(2)];
  const env = program ? { INTAKE_TEST_REDIS: program } : {};
  const { code } = await runNode(args, { show: true, env });
  process.exitCode = code ?? 1;
}
