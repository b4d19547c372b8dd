// What a large backlog and a long history cost: Redis' memory, and the pages that dispatch, claim and stats touch.
//   npm run scale
//   npm run scale -- --waiting 1000000 --final 10000000 --json scale.json
import './setup/node-version.mjs';

const { runTool } = await import('./setup/run-tool.mjs');

await runTool('test/bench/scale.ts');
