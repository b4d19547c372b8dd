import { setTimeout as delay } from 'node:timers/promises';
import { BullModule, BullRegistrar, getQueueToken } from '@nestjs/bullmq';
import type { BeforeApplicationShutdown, OnApplicationShutdown } from '@nestjs/common';
import type { LazyModuleLoader, ModuleRef } from '@nestjs/core';
import type { ConnectionOptions, Queue } from 'bullmq';
import type { Config } from '../config/config.js';
import type { Clock } from '../kernel/clock.js';
import { Fault } from '../kernel/fault.js';
import { laneProcessorOf } from './lane-processor.js';
import { Serving } from './serving.js';
import {
  Transport,
  transportKey,
  type Lane,
  type OnDelivery,
  type Presence,
  type ServingHandle,
  type TransportEntry,
  type TransportMemory,
  type TransportStats,
} from './transport.js';
import { WorkerErrors } from './worker-errors.js';

/** Publishing stands beside requests; whatever takes longer is left to the reconciler. */
const PUBLISH_LIMIT_MS = 2_000;
const LIMIT_MS = 5_000;
/** Nobody reads BullMQ's event stream; it cannot be switched off. */
const EVENTS_KEPT = 10;
const INCARNATION = 'intake:incarnation';

/** What BullMQ needs to know of an application's surroundings. */
export interface BullSurroundings {
  config: Config;
  clock: Clock;
  lazyModules: LazyModuleLoader;
  modules: ModuleRef;
}

class LanesModule {}

/** The transport over BullMQ, whatever BullMQ itself runs on. Queues and workers are made through `@nestjs/bullmq`. */
export abstract class BullTransport
  extends Transport
  implements BeforeApplicationShutdown, OnApplicationShutdown
{
  /** The shared connection that every queue and worker of this application is made with. */
  abstract readonly connection: object;
  protected readonly errors: WorkerErrors;
  private readonly queues = new Map<string, Promise<Queue>>();
  private serving?: Serving;
  private awaySinceMs: number | null = null;

  constructor(protected readonly surroundings: BullSurroundings) {
    super();
    this.errors = new WorkerErrors(surroundings.clock);
  }

  /** Resolves when the transport can be reached; rejects at once when it is known to be down. */
  protected abstract ready(): Promise<void>;
  protected abstract presence(queue: Queue, keys: readonly string[]): Promise<[string, Presence][]>;
  protected abstract readMemory(): Promise<TransportMemory>;
  protected abstract ping(): Promise<unknown>;
  protected abstract disconnect(): Promise<void>;

  protected onFailure(_error: unknown): void {}

  get lostLocks(): number {
    return this.errors.lostLocks;
  }

  get unreachableForMs(): number | null {
    return this.awaySinceMs === null ? null : this.surroundings.clock.monotonicMs() - this.awaySinceMs;
  }

  async publish(queue: string, entries: readonly TransportEntry[]): Promise<void> {
    const jobs = entries.map(({ taskId, epoch, type, priority }) => ({
      name: type,
      data: {},
      opts: { jobId: transportKey(taskId, epoch), priority },
    }));
    await this.withQueue(queue, PUBLISH_LIMIT_MS, (bull) => bull.addBulk(jobs));
  }

  async known(queue: string, keys: readonly string[]): Promise<Map<string, Presence>> {
    return new Map(await this.withQueue(queue, LIMIT_MS, (bull) => this.presence(bull, keys)));
  }

  async remove(queue: string, keys: readonly string[]): Promise<void> {
    await this.withQueue(queue, LIMIT_MS, (bull) => Promise.all(keys.map((key) => bull.remove(key))));
  }

  incarnation(queue: string): Promise<string | null> {
    return this.withQueue(queue, LIMIT_MS, (bull) => bull.getBackend().getQueueMetaField(INCARNATION));
  }

  async mark(queue: string, incarnation: string): Promise<void> {
    // Whatever lost the mark has lost the cap of the event stream too.
    const fields = { [INCARNATION]: incarnation, 'opts.maxLenEvents': EVENTS_KEPT };
    await this.withQueue(queue, LIMIT_MS, (bull) => bull.getBackend().setQueueMeta(fields));
  }

  async stats(queue: string): Promise<TransportStats> {
    const { active = 0, ...waiting } = await this.withQueue(queue, LIMIT_MS, (bull) =>
      bull.getJobCounts('active', 'wait', 'prioritized', 'delayed'),
    );
    return { active, waiting: Object.values(waiting).reduce((sum, count) => sum + count, 0) };
  }

  memory(): Promise<TransportMemory> {
    return this.within(LIMIT_MS, () => this.readMemory());
  }

  async health(): Promise<void> {
    await this.within(LIMIT_MS, () => this.ping());
    await this.serving?.assertProgress(async (queue) => (await this.stats(queue)).waiting);
  }

  async serve(lanes: readonly Lane[], onDelivery: OnDelivery): Promise<ServingHandle> {
    if (this.serving) throw new Error('this application serves its lanes already');
    const processors = lanes.map((lane) => {
      const Processor = laneProcessorOf(lane, this.workerOptions(lane.queue));
      return new Processor(lane.queue, onDelivery, this.errors);
    });
    this.serving = new Serving(processors, this.surroundings.clock);
    const providers = processors.map((processor) => ({
      provide: processor.constructor,
      useValue: processor,
    }));
    await Promise.all(lanes.map(({ queue }) => this.open(queue)));
    await this.surroundings.lazyModules.load(() => ({ module: LanesModule, providers }), { logger: false });
    this.surroundings.modules.get(BullRegistrar, { strict: false }).register();
    return this.serving;
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.serving?.close({ timeoutMs: this.surroundings.config.shutdownTimeoutMs });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.disconnect();
  }

  private workerOptions(queue: string) {
    return {
      connection: this.connection as ConnectionOptions,
      prefix: this.prefixOf(queue),
      lockDuration: 10_000,
      stalledInterval: 5_000,
      // What comes back after a crash claims nothing and is dropped: BullMQ need not give up on it.
      maxStalledCount: 1_000_000,
      drainDelay: 5,
      runRetryDelay: 500,
      removeOnComplete: { count: 0 },
      removeOnFail: { count: 0 },
    };
  }

  /** In a Redis Cluster everything of one queue must lie in one slot. */
  private prefixOf(queue: string): string {
    return `{${this.surroundings.config.queueName}:${queue}}`;
  }

  private withQueue<T>(name: string, limitMs: number, work: (queue: Queue) => Promise<T>): Promise<T> {
    return this.within(limitMs, async () => work(await this.open(name)));
  }

  /** Queues are opened when first named: a remote worker may bring types that nobody knew at boot. */
  private open(name: string): Promise<Queue> {
    const known = this.queues.get(name);
    if (known) return known;
    const opened = this.register(name);
    this.queues.set(name, opened);
    // Whoever waits for it hears why; the next one tries again.
    opened.catch(() => this.queues.delete(name));
    return opened;
  }

  private async register(name: string): Promise<Queue> {
    const definition = BullModule.registerQueue({
      name,
      prefix: this.prefixOf(name),
      streams: { events: { maxLen: EVENTS_KEPT } },
    });
    const module = await this.surroundings.lazyModules.load(() => definition, { logger: false });
    const queue = module.get<Queue>(getQueueToken(name));
    queue.on('error', (error) => this.errors.note(error));
    return queue;
  }

  private async within<T>(limitMs: number, work: () => Promise<T>): Promise<T> {
    const timer = new AbortController();
    const late = delay(limitMs, undefined, { signal: timer.signal }).then(() => {
      throw new Error(`no answer within ${limitMs} ms`);
    });
    // Heard in the race below, or over before it mattered.
    late.catch(() => {});
    try {
      const answer = this.ready().then(() => {
        // Too late is as good as never: nothing may pile up behind a connection that comes back.
        timer.signal.throwIfAborted();
        return work();
      });
      const value = await Promise.race([answer, late]);
      this.awaySinceMs = null;
      return value;
    } catch (cause) {
      this.awaySinceMs ??= this.surroundings.clock.monotonicMs();
      this.onFailure(cause);
      if (Fault.is(cause)) throw cause;
      throw new Fault('transport.unavailable', 'The transport cannot be reached; try again shortly', {
        cause,
      });
    } finally {
      timer.abort();
    }
  }
}
