import type { FaultCode } from '../kernel/fault-codes.js';
import type { FaultOptions } from '../kernel/fault.js';

/** A function that runs in a child process: where its compiled module lies and what it is exported as. */
export interface SandboxJob<In, Out> {
  entry: URL;
  name: string;
  /** Never set: ties the types of input and outcome to the job. */
  signature?: (input: In) => Promise<Out>;
}

export interface SandboxLimits {
  /** Wall time from the start of the job, a cold child's start included. */
  timeoutMs: number;
  /** Resident memory of the whole child, its parsers included (about 60 MB before any work). */
  memoryBytes: number;
  /** Of the serialised outcome; 16 MiB unless told. */
  resultBytes?: number;
  signal?: AbortSignal;
}

/** Sent to the child, one at a time. */
export interface JobRequest {
  entry: string;
  name: string;
  input: unknown;
  resultBytes: number;
  /** Above this the child collects its garbage before it says that it is free. */
  restingBytes: number;
}

export interface FaultMessage {
  code: FaultCode;
  detail: string;
  options: Omit<FaultOptions, 'cause'>;
}

/** Sent by the child: exactly one outcome per request, then `free`. */
export type ChildMessage =
  | { kind: 'result'; bytes: Uint8Array }
  | { kind: 'fault'; fault: FaultMessage }
  | { kind: 'error'; message: string }
  | { kind: 'free'; rssBytes: number };
