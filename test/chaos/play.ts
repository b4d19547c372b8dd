import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '../support/eventually.js';
import type { Fault, Intensity } from './fault.js';
import { Ledger } from './ledger.js';
import { Load, type Pace } from './load.js';
import { Looks } from './looks.js';
import { ChaosStack, type StackOptions } from './stack.js';
import { judge, type Verdict } from './verdict.js';

export interface PlayOptions extends StackOptions {
  /** Asked after each round; ends the play with nothing. */
  next: (rounds: readonly Round[]) => Fault | undefined;
  pace: Pace;
  intensity: (fault: Fault) => Intensity;
  log?: (line: string) => void;
}

/** What one fault did. */
export interface Round {
  fault: string;
  /** From the end of the fault to the first completion of a task submitted after it; `null`: not within the time. */
  firstMs: number | null;
  /** From the end of the fault until everything accepted before is final. */
  backlogMs: number | null;
  accepted: number;
  /** Traces that it left; -1 when it leaves none that can be counted. */
  traces: number;
  problems: string[];
}

export interface Played {
  rounds: Round[];
  verdict: Verdict;
  accepted: number;
  unanswered: number;
  /** Answers that no client should see, rows that never became final, and what each round complains about. */
  problems: string[];
}

const RECOVERY_LIMIT_MS = 90_000;
const TOMORROW = new Date(Date.now() + 86_400_000);
const SLOW_MS = 10_000;
const DRAIN_LIMIT_MS = 120_000;
/** So many accepted before each fault: it meets work in flight. */
const IN_FLIGHT = 15;

const LOST_BY_NOBODYS_FAULT = `
SELECT count(*)::int AS n FROM task_attempts WHERE outcome = 'lost' AND finished_at >= $1::timestamptz`;

/** One load on one stack, and one fault after the other. @throws Error with what the processes said, when one of ours fails */
export async function play(options: PlayOptions): Promise<Played> {
  const stack = await ChaosStack.start(options);
  try {
    return await new Play(stack, options).run();
  } catch (error) {
    throw new Error(`${String(error)}\n${stack.output()}`, { cause: error });
  } finally {
    await stack.stop();
  }
}

class Play {
  private readonly ledger = new Ledger();
  private readonly rounds: Round[] = [];
  private readonly load: Load;
  private readonly looks: Looks;
  private readonly watcher: NodeJS.Timeout;

  constructor(
    private readonly stack: ChaosStack,
    private readonly options: PlayOptions,
  ) {
    this.looks = new Looks(stack.database);
    this.load = new Load(stack, this.ledger, options.pace);
    this.watcher = setInterval(() => void this.watch().catch(() => undefined), 1_000);
  }

  async run(): Promise<Played> {
    try {
      for (let fault = this.next(); fault; fault = this.next()) {
        this.ledger.round = this.rounds.length;
        this.rounds.push(await this.round(fault));
      }
    } finally {
      clearInterval(this.watcher);
      await this.load.stop();
    }
    const open = await this.drained();
    const problems = [
      ...this.ledger.oddities.map((oddity) => this.withLog(oddity)),
      ...(open > 0
        ? [`${open} tasks or callbacks are not final ${DRAIN_LIMIT_MS / 1_000} s after the load`]
        : []),
      ...this.rounds.flatMap((round) => round.problems.map((problem) => `${round.fault}: ${problem}`)),
    ];
    const { promised, unansweredCount: unanswered } = this.ledger;
    const verdict = await judge(this.stack.database, this.ledger, this.stack.callbacks.heard);
    return { rounds: this.rounds, verdict, accepted: promised.size, unanswered, problems };
  }

  /** An answer that should not be, and what the log says of its request. */
  private withLog(oddity: string): string {
    const [, id] = /"request_id":"([^"]+)"/.exec(oddity) ?? [];
    return [oddity, ...(id ? this.stack.said(id) : [])].join('\n');
  }

  private async watch(): Promise<void> {
    this.load.open = await this.looks.open(TOMORROW);
    this.ledger.overshot(await this.looks.overTheLimit());
  }

  private next(): Fault | undefined {
    return this.options.next(this.rounds);
  }

  private async round(fault: Fault): Promise<Round> {
    const before = this.ledger.promised.size;
    const round: Round = {
      fault: fault.name,
      firstMs: null,
      backlogMs: null,
      accepted: 0,
      traces: -1,
      problems: [],
    };
    const missing = fault.missing?.(this.stack);
    if (missing) {
      round.problems.push(`not played: ${missing}`);
      return round;
    }
    await this.flowing();
    const since = await this.looks.now();
    await this.hurt(fault, round);
    await this.recover(round);
    await this.look(fault, round, since);
    round.accepted = this.ledger.promised.size - before;
    this.options.log?.(inWords(round));
    return round;
  }

  /** A fault that could not be done as it is meant is a complaint of its round, and what was done before it still counts. */
  private async hurt(fault: Fault, round: Round): Promise<void> {
    try {
      await fault.inject(this.stack, this.options.intensity(fault));
    } catch (error) {
      round.problems.push(`it could not be done: ${String(error)}`);
    }
    await fault.heal?.(this.stack);
  }

  /** The next few are accepted: the way in is open, and there is work under way. */
  private async flowing(): Promise<void> {
    const target = this.ledger.promised.size + IN_FLIGHT;
    await eventually(() => this.ledger.promised.size >= target, { timeoutMs: RECOVERY_LIMIT_MS });
  }

  private async recover(round: Round): Promise<void> {
    const healedMs = performance.now();
    const healed = await eventually(() => this.looks.now(), { timeoutMs: 30_000 });
    const within = async (what: string, probe: () => Promise<boolean>) => {
      try {
        await eventually(probe, { timeoutMs: RECOVERY_LIMIT_MS, everyMs: 100 });
        return Math.round(performance.now() - healedMs);
      } catch {
        round.problems.push(`${what} within ${RECOVERY_LIMIT_MS / 1_000} s`);
        return null;
      }
    };
    const probe = this.load.probe();
    const [firstMs, backlogMs] = await Promise.all([
      within('nothing submitted after the fault completed', async () => this.looks.isFinal(await probe)),
      within('what was accepted before was not final', async () => (await this.looks.open(healed)) === 0),
    ]);
    Object.assign(round, { firstMs, backlogMs });
    if (backlogMs === null) {
      round.problems.push(`still open: ${JSON.stringify(await this.looks.stillOpen(healed))}`);
    }
    if (firstMs !== null && firstMs <= SLOW_MS) return;
    const stations = await this.looks.stations(await probe, healed);
    this.options.log?.(`  the first task's way: ${JSON.stringify(stations)}`);
  }

  private async look(fault: Fault, round: Round, since: Date): Promise<void> {
    if (fault.traces) round.traces = await this.traces(fault.traces, since);
    if (round.traces === 0) round.problems.push('it left no traces: it met nothing');
    for (const { name, output } of this.stack.deceased())
      round.problems.push(`a process ended by itself: ${name}\n${output.slice(-2_000)}`);
    if (!fault.sparesInnocents) return;
    const lost = await this.looks.count(LOST_BY_NOBODYS_FAULT, since);
    if (lost > 0) round.problems.push(`${lost} attempts were taken from workers that live`);
  }

  /** Some of them may be written a moment after everything works again. */
  private async traces(sql: string, since: Date): Promise<number> {
    let traces = 0;
    await eventually(async () => (traces = await this.looks.count(sql, since)), { timeoutMs: 30_000 }).catch(
      () => undefined,
    );
    return traces;
  }

  /** @returns how many tasks are still not final, and how many callbacks on their way */
  private async drained(): Promise<number> {
    let open = 0;
    const look = async () => (open = (await this.looks.open(TOMORROW)) + (await this.looks.undelivered()));
    await eventually(async () => (await look()) === 0, {
      timeoutMs: DRAIN_LIMIT_MS,
      everyMs: 250,
    }).catch(() => undefined);
    return open;
  }
}

/** A fault that lasts is as long as it should be, or as long as there is time for. */
export const intensityOf = (limitSeconds: number): Intensity => ({
  last: (worstSeconds) => delay(Math.min(worstSeconds, limitSeconds) * 1_000),
});

function inWords({ fault, firstMs, backlogMs, accepted, traces, problems }: Round): string {
  const seconds = (ms: number | null) => (ms === null ? '-' : `${(ms / 1_000).toFixed(1)} s`);
  const left = traces < 0 ? '' : `, ${traces} traces`;
  const text = `${fault}: ${accepted} accepted, first after ${seconds(firstMs)}, backlog after ${seconds(backlogMs)}${left}`;
  return [text, ...problems.map((problem) => `  !!! ${problem}`)].join('\n');
}
