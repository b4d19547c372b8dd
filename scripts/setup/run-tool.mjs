import { orExplain } from './fault.mjs';
import { prepare } from './prepare.mjs';
import { runNode } from './program.mjs';
import { findRedis } from './redis.mjs';

/**
 * Prepares this checkout, then runs one of its programs in TypeScript with the arguments of this one, and with Redis
 * where the machine has it or can get it. Ends with the program's exit code.
 * @param {string} entry such as `test/bench/main.ts`
 */
export function runTool(entry) {
  return orExplain(async () => {
    await prepare();
    const { program } = await findRedis();
    const args = ['--import', './test/support/typescript.mjs', entry, ...process.argv.slice(2)];
    const env = program ? { INTAKE_TEST_REDIS: program } : {};
    const { code } = await runNode(args, { show: true, env });
    process.exitCode = code ?? 1;
  });
}
