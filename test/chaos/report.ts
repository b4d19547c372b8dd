import type { Played, Round } from './play.js';
import type { Verdict } from './verdict.js';

/** One line of the table: a fault on a transport, over all its rounds. Times are medians, in seconds. */
export interface Row {
  fault: string;
  transport: string;
  rounds: number;
  accepted: number;
  lost: number;
  'double effects': number;
  'settled twice': number;
  'over a limit': number;
  'not called back': number;
  'first (s)': number | null;
  'backlog (s)': number | null;
}

const NOT_PLAYED = /^not played:/;

export function tableOf(transport: string, plays: readonly Played[]): Row[] {
  const parts = plays.flatMap(({ rounds, verdict }) =>
    rounds.map((round, at) => ({ round, counts: countsOf(verdict, at) })),
  );
  return [...new Set(parts.map(({ round }) => round.fault))].map((fault) => {
    const mine = parts.filter(({ round }) => round.fault === fault);
    const rounds = mine.map(({ round }) => round);
    const sum = (count: (part: (typeof mine)[number]) => number) =>
      mine.reduce((so, part) => so + count(part), 0);
    return {
      fault,
      transport,
      rounds: rounds.length,
      accepted: sum(({ round }) => round.accepted),
      lost: sum(({ counts }) => counts.lost),
      'double effects': sum(({ counts }) => counts.doubled + counts.submittedTwice),
      'settled twice': sum(({ counts }) => counts.settledTwice),
      'over a limit': sum(({ counts }) => counts.overTheLimit),
      'not called back': sum(({ counts }) => counts.notCalledBack),
      'first (s)': medianSeconds(rounds, 'firstMs'),
      'backlog (s)': medianSeconds(rounds, 'backlogMs'),
    };
  });
}

/** What was found of the tasks that were accepted in one round. */
function countsOf(verdict: Verdict, at: number) {
  const inRound = (found: ReadonlyArray<{ round: number }>) =>
    found.filter(({ round }) => round === at).length;
  return {
    lost: inRound(verdict.lost),
    doubled: inRound(verdict.doubled),
    submittedTwice: inRound(verdict.submittedTwice),
    settledTwice: inRound(verdict.settledTwice),
    overTheLimit: inRound(verdict.overTheLimit),
    notCalledBack: inRound(verdict.notCalledBack),
  };
}

/** What went wrong, one line each; nothing when all is well. */
export function complaints({ verdict, problems }: Played): string[] {
  return [
    ...problems.filter((problem) => !NOT_PLAYED.test(problem.replace(/^[\w-]+: /, ''))),
    ...findings(verdict),
  ];
}

export function hasFailed(played: Played): boolean {
  return complaints(played).length > 0;
}

export function lines(played: Played): string[] {
  const { accepted, unanswered, problems } = played;
  const skipped = problems.filter((problem) => !complaints(played).includes(problem));
  return [
    `${accepted} accepted, ${unanswered} requests without an answer or asked for patience`,
    ...skipped.map((problem) => `!!! ${problem}`),
    ...complaints(played).map((complaint) => `FAILED ${complaint}`),
  ];
}

function findings({ inconsistent, ...found }: Verdict): string[] {
  const rows = Object.entries(found).flatMap(([kind, ones]) =>
    ones.map((finding) => `${kind}: ${JSON.stringify(finding)}`),
  );
  return [
    ...rows,
    ...Object.entries(inconsistent).map(([rule, broken]) => `${rule}: ${JSON.stringify(broken)}`),
  ];
}

function medianSeconds(rounds: readonly Round[], key: 'firstMs' | 'backlogMs'): number | null {
  const times = rounds.flatMap((round) => round[key] ?? []).toSorted((one, other) => one - other);
  const middle = times[times.length >> 1];
  return middle === undefined ? null : Math.round(middle / 100) / 10;
}
