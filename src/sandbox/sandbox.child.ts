/** The program of a sandbox child: loads the module of a job, runs it, answers, and waits for the next. */
import { serialize } from 'node:v8';
import { Worker } from 'node:worker_threads';
import { Fault } from '../kernel/fault.js';
import type { ChildMessage, JobRequest } from './sandbox-job.js';

process.on('disconnect', () => process.exit());
process.on('message', (request: JobRequest) => void serve(request));
watchParent();

/** A job that blocks this thread would outlive a killed parent for ever; a thread of its own notices. */
function watchParent(): void {
  new Worker(new URL('./parent-watch.thread.js', import.meta.url), {
    workerData: process.ppid,
    resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2 },
  }).unref();
}

async function serve(request: JobRequest): Promise<void> {
  send(await outcomeOf(request));
  await oneTurn();
  if (process.memoryUsage.rss() > request.restingBytes) globalThis.gc?.();
  send({ kind: 'free', rssBytes: process.memoryUsage.rss() });
}

/** What the job left to run at once runs before the child calls itself free, and so within the job's limits. */
function oneTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

async function outcomeOf(request: JobRequest): Promise<ChildMessage> {
  try {
    const module = (await import(request.entry)) as Record<string, (input: unknown) => unknown>;
    const job = module[request.name];
    if (!job) throw new Error(`${request.entry} exports no ${request.name}`);
    const bytes = serialize(await job(request.input));
    if (bytes.length > request.resultBytes) throw tooLarge(bytes.length, request.resultBytes);
    return { kind: 'result', bytes };
  } catch (error) {
    return failureOf(error);
  }
}

function tooLarge(sizeBytes: number, limitBytes: number): Fault {
  return new Fault(
    'sandbox.result_too_large',
    `The outcome has ${sizeBytes} bytes; ${limitBytes} are allowed.`,
  );
}

function failureOf(error: unknown): ChildMessage {
  if (!Fault.is(error))
    return {
      kind: 'error',
      message: error instanceof Error ? (error.stack ?? error.message) : String(error),
    };
  const { cause: _, ...options } = error.options;
  return { kind: 'fault', fault: { code: error.code, detail: error.detail, options } };
}

function send(message: ChildMessage): void {
  process.send?.(message);
}
