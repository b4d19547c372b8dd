/**
 * Repeats a step at once while it did all that it may do at a time: there is more.
 * @param batch the most that one step does
 * @param step answers how much it did
 * @returns how much they did together
 */
export async function whileFull(batch: number, step: () => Promise<number>): Promise<number> {
  let total = 0;
  for (;;) {
    const done = await step();
    total += done;
    if (done < batch) return total;
  }
}
