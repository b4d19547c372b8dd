import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { redisProgram } from '../support/redis-server.js';
import { FAULTS, faultNamed, faultsOn } from './faults.js';
import type { Fault } from './fault.js';
import { intensityOf, play, type Played } from './play.js';
import { hasFailed, lines, tableOf, type Row } from './report.js';
import type { TransportName } from './stack.js';

const { values: options } = parseArgs({
  options: {
    minutes: { type: 'string', default: '0' },
    fault: { type: 'string', multiple: true },
    transport: { type: 'string', multiple: true, default: ['redis', 'postgres'] },
    rate: { type: 'string', default: '12' },
    /** Seconds that a fault which lasts may last at most. */
    longest: { type: 'string', default: '60' },
    json: { type: 'string' },
    list: { type: 'boolean', default: false },
  },
});

// What it waits for at its end, such as a killed Redis, would not keep the process alive.
const awake = setInterval(() => undefined, 60_000);
if (options.list) list();
else process.exitCode = await main();
clearInterval(awake);

function list(): void {
  for (const { name, transports, what } of FAULTS)
    console.log(`${name.padEnd(22)} ${transports.join(', ').padEnd(16)} ${what}`);
}

/** @returns the exit code: 1 when anything accepted was lost, doubled or settled twice, or an answer was wrong */
async function main(): Promise<number> {
  const transports = options.transport.map(asTransport).filter(isHere);
  const plans = transports.flatMap((transport) => {
    const wanted = options.fault?.map(faultNamed) ?? FAULTS;
    const mine = faultsOn(transport).filter((fault) => wanted.includes(fault));
    const topologies = [...new Set(mine.map(({ topology }) => topology))];
    return topologies.map((topology) => ({
      transport,
      topology,
      faults: mine.filter((fault) => fault.topology === topology),
    }));
  });
  const total = plans.reduce((sum, { faults }) => sum + faults.length, 0);
  const found: Array<{ transport: TransportName; played: Played }> = [];
  for (const { transport, topology, faults } of plans) {
    console.log(`\n== the queue on ${transport}${topology ? `, ${topology}` : ''}`);
    const limitMs = (Number(options.minutes) * 60_000 * faults.length) / total;
    const startMs = performance.now();
    const hasTime = () => performance.now() - startMs < limitMs;
    const next = topology ? once(faults) : turns(faults, hasTime);
    let isOver = false;
    // What a cluster or sentinels lost does not come back: each round has servers of its own.
    while (!isOver) {
      const settings = {
        pace: { perSecond: Number(options.rate), mostOpen: Infinity },
        intensity: () => intensityOf(Number(options.longest)),
        log: console.log,
      };
      const played = await play({ transport, topology, next, ...settings });
      for (const line of lines(played)) console.log(line);
      found.push({ transport, played });
      isOver = !topology || !hasTime();
    }
  }
  const rows: Row[] = transports.flatMap((transport) =>
    tableOf(
      transport,
      found.filter((one) => one.transport === transport).map(({ played }) => played),
    ),
  );
  console.log('');
  console.table(rows);
  if (options.json) writeFileSync(options.json, `${JSON.stringify({ rows, found }, null, 2)}\n`);
  return found.some(({ played }) => hasFailed(played)) ? 1 : 0;
}

type Next = (rounds: readonly unknown[]) => Fault | undefined;

/** Each fault once. */
function once(faults: readonly Fault[]): Next {
  return ({ length }) => faults[length];
}

/** Each fault once, then over and over while there is time. */
function turns(faults: readonly Fault[], hasTime: () => boolean): Next {
  return ({ length }) => (length < faults.length || hasTime() ? faults[length % faults.length] : undefined);
}

function asTransport(name: string): TransportName {
  if (name === 'redis' || name === 'postgres') return name;
  throw new Error(`--transport is redis or postgres, not ${name}`);
}

function isHere(transport: TransportName): boolean {
  if (transport === 'postgres' || redisProgram() !== null) return true;
  console.log('!!! There is no redis-server here: only the queue on Postgres is hurt.');
  return false;
}
