// Speed beside raw BullMQ, in alternating rounds of one run on this machine.
//   npm run bench
//   npm run bench -- --rounds 5 --tasks 20000 --transport redis --scenario end-to-end
import './setup/node-version.mjs';

const { orExplain } = await import('./setup/fault.mjs');
const { prepare } = await import('./setup/prepare.mjs');
const { runNode } = await import('./setup/program.mjs');
const { findRedis } = await import('./setup/redis.mjs');

await orExplain(main);

async function main() {
  await prepare();
  const { program } = await findRedis();
  const args = ['--import', './test/support/typescript.mjs', 'test/bench/main.ts', ...process.argv.slice(2)];
  const env = program ? { INTAKE_TEST_REDIS: program } : {};
  const { code } = await runNode(args, { show: true, env });
  process.exitCode = code ?? 1;
}
