// Hurts a deployment under load in every way we know, and counts what it lost.
//   npm run chaos                                     each fault once, on Redis and on Postgres
//   npm run chaos -- --minutes 60                     over and over for an hour
//   npm run chaos -- --fault worker-killed --transport redis --json chaos.json
//   npm run chaos -- --list
import './setup/node-version.mjs';

const { runTool } = await import('./setup/run-tool.mjs');

await runTool('test/chaos/main.ts');
