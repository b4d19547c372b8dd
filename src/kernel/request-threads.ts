import { RequestThread } from './request-thread.js';

/**
 * Threads of one kind that share requests: each goes to the least busy one, and another is started only while all that
 * run are busy.
 */
export class RequestThreads<Request, Reply> {
  private readonly threads: RequestThread<Request, Reply>[] = [];
  private closed = false;

  /**
   * @param entry the compiled thread, which calls `serveRequests`
   * @param size threads at most
   */
  constructor(
    private readonly entry: URL,
    private readonly size: number,
  ) {}

  /** @throws as {@link RequestThread.request} does */
  async request(request: Request, signal?: AbortSignal): Promise<Reply> {
    if (this.closed) throw new Error('the threads are closed');
    return this.leastBusy().request(request, signal);
  }

  /** Ends all threads, whatever they are doing; what still waits is rejected. */
  async close(): Promise<void> {
    this.closed = true;
    await Promise.all(this.threads.map((thread) => thread.close()));
  }

  private leastBusy(): RequestThread<Request, Reply> {
    const [first] = this.threads.toSorted((one, other) => one.pending - other.pending);
    if (first && (first.pending === 0 || this.threads.length >= this.size)) return first;
    const added = new RequestThread<Request, Reply>(this.entry);
    this.threads.push(added);
    return added;
  }
}
