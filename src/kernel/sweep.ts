/**
 * Housekeeping in a loop of short transactions. Any number of processes run it; each pass takes what others do not hold.
 * A room that needs one provides it from its module: whoever runs sweeps finds it there.
 */
export abstract class Sweep {
  abstract readonly name: string;
  /** The longest pause between two passes, in milliseconds. */
  abstract readonly intervalMs: number;
  private onWake: () => void = () => undefined;

  /** One pass. @returns how much it repaired, by kind; anything above 0 is counted */
  abstract runOnce(): Promise<Record<string, number>>;

  /** There is work: run now, not at the next interval. Does nothing where no sweeps run. */
  wake(): void {
    this.onWake();
  }

  /** The runner's. */
  attach(onWake: () => void): void {
    this.onWake = onWake;
  }
}
