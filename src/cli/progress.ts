import { shorten } from './table.js';
import { harmless, type Terminal } from './terminal.js';

const WIDTH = 24;
const MAX_MESSAGE = 40;

/** A bar that is drawn over and over; nothing at all where nobody watches. */
export class ProgressBar {
  constructor(private readonly terminal: Terminal) {}

  /** @param fraction 0 to 1 */
  draw(fraction: number, message: string): void {
    if (!this.terminal.isTty) return;
    const done = Math.round(fraction * WIDTH);
    const percent = `${Math.round(fraction * 100)} %`.padStart(5);
    const bar = `[${'#'.repeat(done)}${'.'.repeat(WIDTH - done)}]`;
    this.terminal.draw(`${bar} ${percent}  ${shorten(harmless(message), MAX_MESSAGE)}`);
  }

  clear(): void {
    if (this.terminal.isTty) this.terminal.draw('');
  }
}

/** The same for things that are counted. */
export function drawProgress(terminal: Terminal, total: number) {
  const bar = new ProgressBar(terminal);
  let done = 0;
  const draw = () => bar.draw(total === 0 ? 1 : done / total, `${done} of ${total}`);
  draw();
  return {
    tick: () => {
      done += 1;
      draw();
    },
    end: () => bar.clear(),
  };
}
