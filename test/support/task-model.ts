/** The lifecycle as a pure model: what docs/lifecycle.md promises, without a database. Times are flags: far, or past. */

export type Status =
  'blocked' | 'scheduled' | 'pending' | 'queued' | 'processing' | 'completed' | 'failed' | 'cancelled';
export const ENDING_KINDS = [
  'completed',
  'threw',
  'rejected',
  'snoozed',
  'interrupted',
  'timed_out',
  'overran',
] as const;
export type EndingKind = (typeof ENDING_KINDS)[number];

export interface Edge {
  parent: ModelTask;
  outcome: Status | null;
  news: boolean;
}

export interface ModelTask {
  id: string;
  status: Status;
  reason: string | null;
  attempts: number;
  crashes: number;
  returns: number;
  epoch: number;
  token: string | null;
  edges: Edge[];
  policy: 'fail' | 'ignore' | 'cancel';
  batch: ModelBatch | null;
  isStarted: boolean;
  isCancelAsked: boolean;
  runsLater: boolean;
  isDelayed: boolean;
  expires: 'never' | 'later' | 'past';
  deadline: 'never' | 'later' | 'past';
}

export interface ModelBatch {
  id: string;
  remaining: number;
  generation: number;
}

export const MAX_ATTEMPTS = 2;
const WAITING: Status[] = ['blocked', 'scheduled', 'pending', 'queued'];
const FINAL: Status[] = ['completed', 'failed', 'cancelled'];

export const isWaiting = ({ status }: ModelTask): boolean => WAITING.includes(status);
export const isFinal = ({ status }: ModelTask): boolean => FINAL.includes(status);

export class Model {
  readonly tasks: ModelTask[] = [];
  readonly batches: ModelBatch[] = [];

  /** Whether the new task has to wait for others, or for their word. */
  static mustAsk({ edges, policy }: Pick<ModelTask, 'edges' | 'policy'>): boolean {
    return edges.some(({ outcome }) => outcome === null || (outcome !== 'completed' && policy !== 'ignore'));
  }

  end(task: ModelTask, status: Status, reason: string | null): void {
    Object.assign(task, { status, reason, token: null });
    this.tell(task, status);
    if (task.batch) task.batch.remaining -= 1;
  }

  dispatch(task: ModelTask): void {
    Object.assign(task, { status: 'queued', reason: null, epoch: task.epoch + 1 });
  }

  /** @returns whether the task may start */
  claim(task: ModelTask, token: string, isPaused: boolean): boolean {
    const isTooLate = task.deadline === 'past' || (task.expires === 'past' && !task.isStarted);
    if (task.status !== 'queued' || isTooLate) return false;
    if (isPaused) task.status = 'pending';
    else Object.assign(task, { status: 'processing', token, isStarted: true });
    return !isPaused;
  }

  settle(task: ModelTask, kind: EndingKind): void {
    const isReturn = kind === 'snoozed' || kind === 'interrupted';
    if (isReturn) task.returns += 1;
    else task.attempts += 1;
    if (kind === 'completed') return this.end(task, 'completed', null);
    if (task.isCancelAsked) return this.end(task, 'cancelled', null);
    if (kind === 'rejected') return this.end(task, 'failed', 'permanent');
    if (kind === 'overran') return this.end(task, 'failed', 'expired');
    if (!isReturn && task.attempts >= MAX_ATTEMPTS)
      return this.end(task, 'failed', kind === 'timed_out' ? 'timeout' : 'exhausted');
    if (task.deadline === 'past') return this.end(task, 'failed', 'expired');
    const next = kind === 'interrupted' ? 'pending' : 'scheduled';
    const reason = { snoozed: 'snooze', interrupted: null }[kind as string] ?? null;
    this.wait(task, next, isReturn ? reason : 'retry');
  }

  cancel(task: ModelTask): void {
    if (isWaiting(task)) this.end(task, 'cancelled', null);
    else if (task.status === 'processing') task.isCancelAsked = true;
    if (task.status === 'cancelled') task.isCancelAsked = true;
  }

  lose(task: ModelTask): void {
    const isGuilty = task.crashes >= 2 && !task.isCancelAsked;
    task.crashes = isGuilty ? task.crashes + 1 : Math.min(task.crashes + 1, 2);
    if (isGuilty) this.end(task, 'failed', 'poison');
    else if (task.isCancelAsked) this.end(task, 'cancelled', null);
    else if (task.deadline === 'past') this.end(task, 'failed', 'expired');
    else this.wait(task, 'pending', null);
  }

  /** The reconciler's pass; `late` ran longer than its timeout. */
  timeOut(late: ModelTask | null): void {
    for (const task of this.tasks.filter(({ status }) => status === 'processing')) {
      if (task !== late && task.deadline !== 'past') continue;
      task.attempts += 1;
      const isLast = task === late && task.attempts >= MAX_ATTEMPTS;
      if (task.isCancelAsked) this.end(task, 'cancelled', null);
      else if (isLast) this.end(task, 'failed', 'timeout');
      else if (task.deadline === 'past') this.end(task, 'failed', 'expired');
      else this.wait(task, 'scheduled', 'retry');
    }
  }

  expire(): void {
    for (const task of this.tasks.filter(isWaiting)) {
      if (task.deadline === 'past' || (task.expires === 'past' && !task.isStarted))
        this.end(task, 'failed', 'expired');
    }
  }

  replay(task: ModelTask): void {
    if (task.status !== 'failed' && task.status !== 'cancelled') return;
    const asks = Model.mustAsk(task);
    Object.assign(task, {
      status: asks ? 'blocked' : 'pending',
      reason: null,
      attempts: 0,
      crashes: 0,
      returns: 0,
      isStarted: false,
      isCancelAsked: false,
      runsLater: false,
      expires: task.expires === 'past' ? 'never' : task.expires,
      deadline: task.deadline === 'past' ? 'never' : task.deadline,
    });
    this.reopen(task);
    if (asks) for (const edge of task.edges) edge.news = true;
  }

  revise(task: ModelTask, to: 'priority' | 'later' | 'now'): void {
    if (!isWaiting(task)) return;
    if (to !== 'priority') Object.assign(task, { runsLater: to === 'later', isDelayed: false });
    if (task.status === 'blocked' || (to === 'priority' && task.status === 'scheduled')) return;
    if (to === 'later') this.wait(task, 'scheduled', 'run_at');
    else this.wait(task, 'pending', to === 'now' ? null : task.reason);
  }

  /** The dependencies sweep, until there is no news. */
  resolve(): void {
    for (;;) {
      const task = this.tasks.find(({ edges }) => edges.some(({ news }) => news));
      if (!task) return;
      for (const edge of task.edges) edge.news = false;
      this.decide(task);
    }
  }

  private decide(task: ModelTask): void {
    const isBad = ({ outcome }: Edge) =>
      task.policy !== 'ignore' && (outcome === 'failed' || outcome === 'cancelled');
    const isTakenAlong = isFinal(task) && task.reason === 'dependency_failed';
    if (isTakenAlong && !task.edges.some(isBad)) {
      Object.assign(task, { status: 'blocked', reason: null });
      this.reopen(task);
    }
    if (task.status !== 'blocked') return;
    if (task.edges.some(isBad))
      return this.end(task, task.policy === 'cancel' ? 'cancelled' : 'failed', 'dependency_failed');
    if (task.edges.some(({ outcome }) => outcome === null)) return;
    if (task.isDelayed) this.wait(task, 'scheduled', 'dependency_delay');
    else if (task.runsLater) this.wait(task, 'scheduled', 'run_at');
    else this.wait(task, 'pending', null);
  }

  private wait(task: ModelTask, status: Status, reason: string | null): void {
    Object.assign(task, { status, reason, token: null });
  }

  private reopen(task: ModelTask): void {
    this.tell(task, null);
    if (!task.batch) return;
    if (task.batch.remaining === 0) task.batch.generation += 1;
    task.batch.remaining += 1;
  }

  private tell(parent: ModelTask, outcome: Status | null): void {
    for (const edge of this.tasks.flatMap(({ edges }) => edges))
      if (edge.parent === parent) Object.assign(edge, { outcome, news: true });
  }
}
