import { setTimeout as delay } from 'node:timers/promises';
import type { Ledger } from './ledger.js';
import type { ChaosStack } from './stack.js';
import { KINDS, MIX, type KindName, type Submission } from './load-kinds.js';

const PATIENCE_MS = 20_000;
const PAUSE_MS = 700;
const MAX_ASKS = 60;

/** An answer, or nothing when it got lost: what was asked for may have happened. */
type Answer = { status: number; retryAfter: string | null; body: Record<string, unknown> } | null;

export interface Pace {
  perSecond: number;
  /** Waits while so many accepted tasks are not final: a machine that cannot keep up is not what is tested. */
  mostOpen: number;
}

/** Submits work of every kind without a pause, and tells the ledger what was promised. */
export class Load {
  /** Accepted tasks that are not final, as far as somebody looked. */
  open = 0;
  private isOver = false;
  private readonly loop: Promise<void>;

  constructor(
    private readonly stack: ChaosStack,
    private readonly ledger: Ledger,
    private readonly pace: Pace,
  ) {
    this.loop = this.run();
  }

  /** Resolves when the last answer has come. */
  async stop(): Promise<void> {
    this.isOver = true;
    await this.loop;
  }

  /** One quick task, said again until it is accepted. @returns its id */
  async probe(): Promise<string> {
    for (;;) {
      const id = await this.submit('quick', KINDS.quick(this.ledger.nextTag('quick')));
      if (id) return id;
      await delay(100);
    }
  }

  private async run(): Promise<void> {
    const inFlight: Promise<unknown>[] = [];
    for (let at = 0; !this.isOver; at += 1) {
      const kind = MIX[at % MIX.length] ?? 'quick';
      inFlight.push(this.play(kind, at));
      do await delay(1_000 / this.pace.perSecond);
      while (this.open > this.pace.mostOpen && !this.isOver);
    }
    await Promise.all(inFlight);
  }

  private async play(kind: KindName, at: number): Promise<void> {
    const tag = this.ledger.nextTag(kind);
    const submission: Submission = KINDS[kind](tag, at, this.stack.callbacks.url);
    const asks = Array.from({ length: submission.twin ? 2 : 1 }, () => this.submit(kind, submission));
    const [id] = await Promise.all(asks);
    if (id && submission.next) await this.submit(kind, submission.next(id));
    if (!id || submission.cancelAfterMs === undefined) return;
    await delay(submission.cancelAfterMs);
    const answer = await this.post(`/api/tasks/${id}/cancel`, {});
    if (answer?.status === 200 && answer.body['status'] === 'cancelled') this.ledger.cancelled(id);
    else if (answer && ![200, 409, 503].includes(answer.status)) this.ledger.unexpected(kind, answer);
  }

  private async submit(kind: KindName, submission: Submission): Promise<string | null> {
    for (let ask = 1; ; ask += 1) {
      const answer = await this.post(submission.path, submission.body, submission.headers);
      const ids = idsIn(answer);
      if (ids.length > 0) {
        this.ledger.accepted(kind, submission, ids);
        return ids[0] ?? null;
      }
      this.ledger.unanswered(submission);
      if (!isPatienceAskedFor(answer)) {
        this.ledger.unexpected(kind, answer);
        return null;
      }
      if (!submission.again || ask >= MAX_ASKS || this.isOver) return null;
      await delay(PAUSE_MS);
    }
  }

  private async post(path: string, body: object, headers: Record<string, string> = {}): Promise<Answer> {
    try {
      const isForm = body instanceof FormData;
      const answer = await fetch(`${this.stack.url}${path}`, {
        method: 'POST',
        headers: { ...headers, ...(isForm ? {} : { 'content-type': 'application/json' }) },
        body: isForm ? body : JSON.stringify(body),
        signal: AbortSignal.timeout(PATIENCE_MS),
      });
      const retryAfter = answer.headers.get('retry-after');
      return { status: answer.status, retryAfter, body: (await answer.json()) as Record<string, unknown> };
    } catch {
      return null;
    }
  }
}

/** What an answer promises: new tasks, the one that holds the unique key, or the one that has the name already. */
function idsIn(answer: Answer): string[] {
  if (!answer) return [];
  const { status, body } = answer;
  if (status === 202) return (body['task_ids'] as string[] | undefined) ?? [String(body['task_id'])];
  if (status === 200 && body['deduplicated']) return [String(body['task_id'])];
  if (status !== 409 || body['code'] !== 'task.exists') return [];
  const { self } = body['links'] as { self: string };
  return [self.slice(self.lastIndexOf('/') + 1)];
}

/** Silence, a 503 that says when to come back, or a first request that has not ended. Anything else is a defect. */
function isPatienceAskedFor(answer: Answer): boolean {
  if (!answer) return true;
  if (answer.status === 503) return answer.retryAfter !== null;
  return answer.status === 409 && answer.body['code'] === 'idempotency.in_flight';
}
