import { percentile, type Figures } from './scenarios.js';

/** What one scenario found: the figures of each round, by side; the first side is what the second is measured by. */
export interface Comparison {
  scenario: string;
  title: string;
  transport: string;
  sides: readonly [string, string];
  rounds: ReadonlyArray<readonly [Figures, Figures]>;
}

/** One figure of both sides: medians, and the median of what each round's own ratio was. */
interface Line {
  figure: string;
  values: readonly [number, number];
  ratio: number;
}

export function linesOf({ rounds }: Comparison): Line[] {
  const names = Object.keys(rounds[0]?.[0] ?? {});
  return names.map((figure) => {
    const pairs = rounds.map(
      ([one, other]) => [one[figure] ?? Number.NaN, other[figure] ?? Number.NaN] as const,
    );
    return {
      figure,
      values: [median(pairs.map(([one]) => one)), median(pairs.map(([, other]) => other))] as const,
      ratio: median(pairs.map(([one, other]) => other / one)),
    };
  });
}

export function print(comparison: Comparison): void {
  const [one, other] = comparison.sides;
  console.log(`\n${comparison.title}`);
  for (const { figure, values, ratio } of linesOf(comparison)) {
    const unit = /\/(s|min)$/.test(figure) ? 'x as many' : 'x as long (ms)';
    const [first, second] = values.map(shown);
    console.log(`  ${figure.padEnd(12)} ${one} ${first}   ${other} ${second}   ${ratio.toFixed(2)}${unit}`);
  }
}

function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

function shown(value: number): string {
  return (value < 100 ? value.toFixed(2) : Math.round(value).toLocaleString('en')).padStart(8);
}
