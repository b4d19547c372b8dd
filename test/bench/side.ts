/** One of the two that are compared: Intake, or BullMQ alone. */
export interface Side {
  /** One no-op task, as a request would bring it. */
  submit(): Promise<unknown>;
  close(): Promise<void>;
}

export type SideName = 'intake' | 'bullmq';

export interface SideOptions {
  databaseUrl: string;
  /** `null`: the queue runs on Postgres. */
  redisUrl: string | null;
  /** Tasks that run at once; 0: this process only submits. */
  concurrency: number;
  onStart: () => void;
  onEnd: () => void;
}

export async function openSide(name: SideName, options: SideOptions): Promise<Side> {
  if (name === 'bullmq') return (await import('./bullmq-side.js')).openBullmq(options);
  return (await import('./intake-side.js')).openIntake(options);
}
