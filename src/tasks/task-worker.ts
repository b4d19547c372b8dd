import {
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { Config } from '../config/config.js';
import { Transport, type ServingHandle } from '../transport/transport.js';
import { Heartbeat } from './heartbeat.js';
import { TaskExecutor } from './task-executor.js';
import { WorkInHand } from './work-in-hand.js';

/** After the shutdown time is over, what is left gets this long to settle as interrupted. */
const LAST_WORDS_MS = 7_000;

/** Takes deliveries of the served queues from boot until shutdown, and leaves nothing behind. */
@Injectable()
export class TaskWorker implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('Worker');
  private serving: ServingHandle | null = null;

  constructor(
    private readonly config: Config,
    private readonly transport: Transport,
    private readonly heartbeat: Heartbeat,
    private readonly executor: TaskExecutor,
    private readonly work: WorkInHand,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const lanes = this.work.lanes(this.config);
    const perQueue = Object.fromEntries(lanes.map((lane) => [lane.queue, lane.concurrency]));
    await this.work.makeQueuesKnown();
    const concurrency = lanes.reduce((sum, lane) => sum + lane.concurrency, 0);
    await this.heartbeat.start({ queues: Object.keys(perQueue), concurrency, lanes: perQueue });
    this.serving = await this.transport.serve(lanes, (delivery) => this.executor.execute(delivery));
    this.logger.log({ msg: 'serving', lanes: perQueue });
  }

  /** Takes nothing more, lets running work end, gives the rest back. Ends within the shutdown time and a little. */
  async beforeApplicationShutdown(): Promise<void> {
    this.heartbeat.drain();
    this.serving?.pause();
    await Promise.race([this.work.running.idle(), after(this.config.shutdownTimeoutMs)]);
    this.work.running.stopAll('shutdown');
    await Promise.race([this.work.running.idle(), after(LAST_WORDS_MS)]);
    await this.serving?.close({ timeoutMs: 0 });
    await this.heartbeat.stop();
  }
}

function after(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
