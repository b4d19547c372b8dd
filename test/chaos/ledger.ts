import type { TaskStatus } from '../../src/kernel/task-status.js';
import type { Overshoot } from './looks.js';
import type { KindName, Submission } from './load-kinds.js';

/** A task that a client was told of. */
export interface Promised {
  id: string;
  kind: KindName;
  /** The round in which its answer came. */
  round: number;
  ends: TaskStatus[];
}

/** A request by what its tasks carry: how many there may be, and whether all of them must. */
export interface Asked {
  tag: string;
  tasks: number;
  round: number;
}

/** Everything that was promised to clients, kept outside of what is being hurt. */
export class Ledger {
  readonly promised = new Map<string, Promised>();
  readonly asked = new Map<string, Asked>();
  /** Requests without an answer, or with one that asked for patience. */
  unansweredCount = 0;
  /** Answers that no client should ever see. */
  readonly oddities: string[] = [];
  /** Keys whose tasks were seen to take more places than there are. */
  readonly overshoots: Array<Overshoot & { round: number }> = [];
  round = 0;
  private tags = 0;

  nextTag(kind: KindName): string {
    this.tags += 1;
    return `${kind}-${this.tags}`;
  }

  accepted(kind: KindName, submission: Submission, ids: readonly string[]): void {
    const { tag, tasks, ends } = submission;
    this.asked.set(tag, { tag, tasks, round: this.round });
    for (const id of ids)
      if (!this.promised.has(id)) this.promised.set(id, { id, kind, round: this.round, ends });
  }

  /** It may have happened all the same: there may be such tasks, but never more than were asked for. */
  unanswered({ tag, tasks }: Submission): void {
    this.unansweredCount += 1;
    if (!this.asked.has(tag)) this.asked.set(tag, { tag, tasks, round: this.round });
  }

  /** The client was told that it is cancelled: it must stay so. */
  cancelled(id: string): void {
    const promised = this.promised.get(id);
    if (promised) promised.ends = ['cancelled'];
  }

  overshot(overshoots: readonly Overshoot[]): void {
    this.overshoots.push(...overshoots.map((overshoot) => ({ ...overshoot, round: this.round })));
  }

  unexpected(kind: KindName, answer: unknown): void {
    this.oddities.push(`${kind}: ${JSON.stringify(answer)}`);
  }
}
