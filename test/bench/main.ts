import { fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { redisProgram } from '../support/redis-server.js';
import { runEngine } from './engine-side.js';
import { writeFiles } from './pipeline-files.js';
import { runPipeline } from './pipeline-side.js';
import { PIPELINES, type Pipeline } from './pipelines.js';
import { linesOf, print, type Comparison } from './report.js';
import { SCENARIOS, type Figures, type Place } from './scenarios.js';
import { BenchServers } from './servers.js';
import type { SideName } from './side.js';

const RUN_LIMIT_MS = 300_000;

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    tasks: { type: 'string', default: '10000' },
    /** Per run of a pipeline, instead of its own number. */
    files: { type: 'string' },
    transport: { type: 'string', multiple: true, default: ['redis', 'postgres'] },
    scenario: {
      type: 'string',
      multiple: true,
      default: [...Object.keys(SCENARIOS), ...Object.keys(PIPELINES)],
    },
    json: { type: 'string' },
  },
});

const unknown = options.scenario.filter((name) => !SCENARIOS[name] && !PIPELINES[name]);
if (unknown.length > 0) {
  const known = [...Object.keys(SCENARIOS), ...Object.keys(PIPELINES)].join(', ');
  throw new Error(`There is no scenario ${unknown.join(', ')}; there are ${known}`);
}
const hasRedis = redisProgram() !== null;
const transports = options.transport.filter((name) => name !== 'redis' || hasRedis);
const machine = `Node ${process.version}, ${availableParallelism()} x ${cpus()[0]?.model}; Postgres with fsync`;
console.log(machine);
console.log(`Medians of ${options.rounds} rounds, both sides in turn, each in processes of its own.`);
if (!hasRedis) console.log('There is no redis-server here: only Postgres is measured.');

const found: Comparison[] = [];
const servers = await BenchServers.start(hasRedis);
try {
  for (const transport of transports) {
    console.log(`\n== the queue on ${transport}`);
    for (const name of options.scenario) if (SCENARIOS[name]) report(await compareQueues(name, transport));
    // The engines know no queue: one transport is enough.
    if (transport !== transports[0]) continue;
    for (const name of options.scenario)
      if (PIPELINES[name]) report(await comparePipeline(name, PIPELINES[name], transport));
  }
} finally {
  await servers.stop();
}
if (options.json) {
  const results = found.map((comparison) => ({ ...comparison, medians: linesOf(comparison) }));
  writeFileSync(options.json, `${JSON.stringify({ machine, results }, null, 2)}\n`);
}

function report(comparison: Comparison): void {
  found.push(comparison);
  print(comparison);
}

async function compareQueues(scenario: string, transport: string): Promise<Comparison> {
  const run = async (side: SideName) => {
    const place = await servers.freshPlace(transport === 'redis');
    const figures = await runAlone(scenario, side, place);
    await servers.dispose(place);
    return figures;
  };
  const rounds = await inTurn(
    () => run('bullmq'),
    () => run('intake'),
  );
  const title = SCENARIOS[scenario]?.title ?? scenario;
  return { scenario, title, transport, sides: ['BullMQ', 'Intake'], rounds };
}

async function comparePipeline(scenario: string, pipeline: Pipeline, transport: string): Promise<Comparison> {
  const { title, kind, warmUp } = pipeline;
  const files = Number(options.files ?? pipeline.files);
  const storage = servers.folderFor(scenario);
  const names = await writeFiles(kind, warmUp + files, storage);
  const perMinute = (seconds: number): Figures => ({ 'files/min': (60 * files) / seconds });
  const rounds = await inTurn(
    async () => perMinute(await runEngine(kind, storage, names, warmUp)),
    async () => {
      const place = await servers.freshPlace(transport === 'redis');
      const seconds = await runPipeline(pipeline, place, storage, names);
      await servers.dispose(place);
      return perMinute(seconds);
    },
  );
  return { scenario, title, transport, sides: ['engine', 'Intake'], rounds };
}

/** So many rounds; who comes first takes turns too. */
async function inTurn(
  one: () => Promise<Figures>,
  other: () => Promise<Figures>,
): Promise<Array<readonly [Figures, Figures]>> {
  const rounds: Array<readonly [Figures, Figures]> = [];
  for (let round = 0; round < Number(options.rounds); round += 1) {
    if (round % 2 === 0) rounds.push([await one(), await other()]);
    else {
      const second = await other();
      rounds.push([await one(), second]);
    }
  }
  return rounds;
}

async function runAlone(scenario: string, side: SideName, place: Place): Promise<Figures> {
  const program = fileURLToPath(new URL('run-side.ts', import.meta.url));
  const child = fork(program, [scenario, side, JSON.stringify(place), options.tasks], {
    timeout: RUN_LIMIT_MS,
  });
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`${side} ended with ${code} in ${scenario}`);
  });
  const [figures] = (await Promise.race([once(child, 'message'), ended])) as [Figures];
  await ended.catch(() => {});
  return figures;
}
