import { parentPort, Worker, type Transferable } from 'node:worker_threads';

interface Waiting<Reply> {
  resolve: (reply: Reply) => void;
  reject: (error: unknown) => void;
}

type FromThread<Reply> = { id: number; reply: Reply } | { id: number; error: unknown };
type ToThread<Request> = { id: number; request: Request } | { id: number; cancel: true };

/**
 * A worker thread that answers requests. It starts with the first request, is started anew by the next one after it
 * died, and keeps the process alive only while a request waits.
 */
export class RequestThread<Request, Reply> {
  private worker: Worker | undefined;
  private readonly waiting = new Map<number, Waiting<Reply>>();
  private lastId = 0;
  private closed = false;

  /** @param entry the compiled thread, which calls {@link serveRequests} */
  constructor(private readonly entry: URL) {}

  /** Requests that wait for their replies. */
  get pending(): number {
    return this.waiting.size;
  }

  /** @throws the signal's reason once it is aborted, what the thread's handler threw, or that the thread is gone */
  async request(request: Request, signal?: AbortSignal): Promise<Reply> {
    signal?.throwIfAborted();
    if (this.closed) throw new Error('the thread is closed');
    const worker = (this.worker ??= this.start());
    const id = (this.lastId += 1);
    const cancel = () => this.cancel(id, signal?.reason);
    signal?.addEventListener('abort', cancel, { once: true });
    try {
      return await new Promise<Reply>((resolve, reject) => {
        worker.postMessage({ id, request } satisfies ToThread<Request>);
        this.waiting.set(id, { resolve, reject });
        worker.ref();
      });
    } finally {
      signal?.removeEventListener('abort', cancel);
    }
  }

  /** Ends the thread, whatever it is doing; what still waits is rejected. */
  async close(): Promise<void> {
    this.closed = true;
    await this.worker?.terminate();
  }

  private start(): Worker {
    const worker = new Worker(this.entry, { execArgv: [] });
    let cause: unknown;
    worker.on('message', (message: FromThread<Reply>) => this.settle(message.id, message));
    worker.on('error', (error) => (cause = error));
    worker.on('exit', (code) => this.bury(new Error(`the thread ended with code ${code}`, { cause })));
    return worker;
  }

  private cancel(id: number, reason: unknown): void {
    this.worker?.postMessage({ id, cancel: true } satisfies ToThread<Request>);
    this.settle(id, { error: reason });
  }

  private settle(id: number, outcome: { reply: Reply } | { error: unknown }): void {
    const waiting = this.waiting.get(id);
    if (!waiting) return;
    this.waiting.delete(id);
    if (this.waiting.size === 0) this.worker?.unref();
    if ('reply' in outcome) waiting.resolve(outcome.reply);
    else waiting.reject(outcome.error);
  }

  private bury(error: Error): void {
    this.worker = undefined;
    for (const id of this.waiting.keys()) this.settle(id, { error });
  }
}

/**
 * The thread's side: answers every request with the handler's reply. Handlers of several requests interleave wherever
 * they await; a cancelled request's signal is aborted and its reply dropped.
 * @param handle returns the reply and what of it moves to the other side instead of being copied
 */
export function serveRequests(
  handle: (request: never, signal: AbortSignal) => Promise<{ reply: unknown; transfer?: Transferable[] }>,
): void {
  const port = parentPort;
  if (!port) throw new Error('serveRequests runs in a worker thread');
  const running = new Map<number, AbortController>();
  const answer = async (id: number, request: never): Promise<void> => {
    const controller = new AbortController();
    running.set(id, controller);
    try {
      const { reply, transfer } = await handle(request, controller.signal);
      port.postMessage({ id, reply } satisfies FromThread<unknown>, transfer);
    } catch (error) {
      port.postMessage({ id, error } satisfies FromThread<unknown>);
    } finally {
      running.delete(id);
    }
  };
  port.on('message', (message: ToThread<never>) => {
    if ('cancel' in message) running.get(message.id)?.abort();
    else void answer(message.id, message.request);
  });
}
