/** Upper bounds in milliseconds of the wait and run histograms in `stats`; the last bucket is open. */
export const DURATION_BOUNDS_MS = [
  5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 120_000, 300_000, 600_000,
  1_800_000,
] as const;
