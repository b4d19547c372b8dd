// Speed of the queue beside raw BullMQ, and of each pipeline beside its engines, in alternating rounds of one run on this
// machine.
//   npm run bench
//   npm run bench -- --scenario documents --scenario scans --scenario images --json FILE
//   npm run bench -- --rounds 5 --tasks 20000 --transport redis --scenario end-to-end
import './setup/node-version.mjs';

const { runTool } = await import('./setup/run-tool.mjs');

await runTool('test/bench/main.ts');
