/** Housekeeping in a loop of short transactions. Any number of processes run it; each pass takes what others do not hold. */
export abstract class Sweep {
  abstract readonly name: string;
  /** The longest pause between two passes. */
  abstract readonly intervalMs: number;

  /** One pass. @returns how much it changed, by kind; anything above 0 is counted */
  abstract runOnce(): Promise<Record<string, number>>;
}
