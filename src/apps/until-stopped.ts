/** Resolves when the process is asked to end: SIGTERM, SIGINT, or its parent hanging up. */
export function untilStopped(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
    process.once('disconnect', resolve);
  });
}
