/**
 * Resolves when the process is asked to end: SIGTERM, SIGINT, or its parent hanging up.
 * @param onImpatience what a second signal does; at once and for good
 */
export function untilStopped(
  onImpatience: (code: number) => void = (code) => process.exit(code),
): Promise<void> {
  return new Promise((resolve) => {
    let asked = false;
    const onSignal = (code: number) => () => {
      if (asked) onImpatience(code);
      asked = true;
      resolve();
    };
    process.on('SIGTERM', onSignal(143)).on('SIGINT', onSignal(130));
    process.once('disconnect', resolve);
  });
}
