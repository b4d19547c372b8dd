import { fork } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism, cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { redisProgram } from '../support/redis-server.js';
import { percentile, SCENARIOS, type Figures, type Place } from './scenarios.js';
import { BenchServers } from './servers.js';
import type { SideName } from './side.js';

const RUN_LIMIT_MS = 300_000;

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    tasks: { type: 'string', default: '10000' },
    transport: { type: 'string', multiple: true, default: ['redis', 'postgres'] },
    scenario: { type: 'string', multiple: true, default: Object.keys(SCENARIOS) },
  },
});

const hasRedis = redisProgram() !== null;
console.log(`Node ${process.version}, ${availableParallelism()} x ${cpus()[0]?.model}; Postgres with fsync`);
console.log(`Medians of ${options.rounds} rounds, both sides in turn, each in a process of its own.`);
if (!hasRedis) console.log('There is no redis-server here: only Postgres is measured.');

const servers = await BenchServers.start(hasRedis);
try {
  for (const transport of options.transport) {
    if (transport === 'redis' && !hasRedis) continue;
    console.log(`\n== the queue on ${transport}`);
    for (const scenario of options.scenario) await compare(scenario, transport === 'redis');
  }
} finally {
  await servers.stop();
}

async function compare(scenario: string, onRedis: boolean): Promise<void> {
  const found: Record<SideName, Figures[]> = { bullmq: [], intake: [] };
  for (let round = 0; round < Number(options.rounds); round += 1) {
    const order: SideName[] = round % 2 === 0 ? ['bullmq', 'intake'] : ['intake', 'bullmq'];
    for (const side of order) {
      const place = await servers.freshPlace(onRedis);
      found[side].push(await runAlone(scenario, side, place));
      await servers.dispose(place);
    }
  }
  console.log(`\n${SCENARIOS[scenario]?.title}`);
  for (const name of Object.keys(found.bullmq[0] ?? {})) {
    const [bullmq, intake] = [medianOf(found.bullmq, name), medianOf(found.intake, name)];
    const unit = name.endsWith('/s') ? 'x as many' : 'x as long (ms)';
    const ratio = `${(intake / bullmq).toFixed(2)}${unit}`;
    console.log(`  ${name.padEnd(12)} BullMQ ${shown(bullmq)}   Intake ${shown(intake)}   ${ratio}`);
  }
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

function medianOf(rounds: readonly Figures[], name: string): number {
  return percentile(
    rounds.map((figures) => figures[name] ?? Number.NaN),
    0.5,
  );
}

function shown(value: number): string {
  return (value < 100 ? value.toFixed(2) : Math.round(value).toLocaleString('en')).padStart(8);
}
