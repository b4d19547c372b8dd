import { Receiver, type Heard } from '../support/receiver.js';

const PATH = '/chaos';
/** Of five messages one is refused and one hung up on, when they come for the first time. */
const MOODS = [200, 500, 200, 'hang_up', 200] as const;

/** Whom callbacks go to: moody, and outside of what is being hurt. */
export class Callbacks {
  /** The `webhook-id` of every message that came. */
  readonly heard = new Set<string>();
  private onNext: ((message: Heard) => void) | null = null;

  private constructor(private readonly receiver: Receiver) {}

  static async start(): Promise<Callbacks> {
    const callbacks = new Callbacks(await Receiver.start());
    callbacks.receiver.answersBy(PATH, (message) => callbacks.answer(message));
    return callbacks;
  }

  get url(): string {
    return this.receiver.url(PATH);
  }

  /** The next message that comes for the first time; it gets no answer. */
  holdNext(): Promise<Heard> {
    return new Promise((resolve) => (this.onNext = resolve));
  }

  stop(): Promise<void> {
    return this.receiver.stop();
  }

  private answer(message: Heard) {
    const id = idOf(message);
    const isNew = !this.heard.has(id);
    this.heard.add(id);
    if (!isNew) return 200;
    if (!this.onNext) return MOODS[this.heard.size % MOODS.length] ?? 200;
    this.onNext(message);
    this.onNext = null;
    return 'hold';
  }
}

export function idOf({ headers }: Heard): string {
  return String(headers['webhook-id']);
}
