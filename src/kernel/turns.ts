/** One at a time, in order of arrival; who has waited too long goes without. */
export class Turns {
  private isTaken = false;
  private readonly waiting: Array<() => void> = [];

  /** @returns whether the turn is the caller's, who must {@link pass} it on; `false` after `patienceMs` */
  take(patienceMs: number): Promise<boolean> {
    if (!this.isTaken) {
      this.isTaken = true;
      return Promise.resolve(true);
    }
    return new Promise((resolve) => {
      const mine = () => {
        clearTimeout(timer);
        resolve(true);
      };
      const timer = setTimeout(() => {
        this.waiting.splice(this.waiting.indexOf(mine), 1);
        resolve(false);
      }, patienceMs);
      this.waiting.push(mine);
    });
  }

  pass(): void {
    const next = this.waiting.shift();
    if (next) next();
    else this.isTaken = false;
  }
}
