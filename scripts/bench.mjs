// Speed beside raw BullMQ, in alternating rounds of one run on this machine.
//   npm run bench
//   npm run bench -- --rounds 5 --tasks 20000 --transport redis --scenario end-to-end
import './setup/node-version.mjs';

const { runTool } = await import('./setup/run-tool.mjs');

await runTool('test/bench/main.ts');
