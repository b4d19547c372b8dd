import { Inject, Injectable, Optional } from '@nestjs/common';
import { Clock } from '../kernel/clock.js';
import { Config } from '../config/config.js';
import { Fault, type FieldError } from '../kernel/fault.js';
import { isUuid, newId } from '../kernel/ids.js';
import type { Json } from '../kernel/json.js';
import { unstorable } from '../kernel/storable.js';
import type { TenantScope } from '../kernel/tenant-scope.js';
import { parse } from '../http/validation.js';
import { currentTraceparent } from '../telemetry/traceparent.js';
import { CallbackPolicy, NoCallbacks } from './callback-policy.js';
import type { TaskDefinition } from './define-task.js';
import { timeFaults } from './task-times.js';
import { TaskRegistry } from './task-registry.js';
import type { NewTask } from './task-rows.js';
import { DEFAULT_PRIORITY, type CreateTask } from './tasks.contract.js';

const DEFAULT_TIMEOUT_MS = 300_000;
const MAX_BACKOFF_MS = 3_600_000;
const RESERVED_NAME = /^ocr-\d+$/;

/** What a submit asks for: `type` and `payload`, and how to run it. */
export type TaskRequest = Pick<CreateTask, 'type' | 'payload'> & Partial<CreateTask> & { batch_id?: string };

/** Turns a request into a row: checks it against its type and fills in what it leaves open. */
@Injectable()
export class TaskMaker {
  constructor(
    private readonly registry: TaskRegistry,
    private readonly config: Config,
    private readonly clock: Clock,
    @Optional() @Inject(CallbackPolicy) private readonly callbacks: CallbackPolicy = new NoCallbacks(),
  ) {}

  /** To be asked before a request with a `callback_url` is made. @throws as {@link CallbackPolicy.check} */
  async admitCallback({ callback_url }: { callback_url?: string }): Promise<void> {
    if (callback_url !== undefined) await this.callbacks.check(callback_url);
  }

  /** @throws Fault `task.type_unknown`, `task_id.reserved`, `request.invalid`, `payload.unstorable` */
  make(scope: TenantScope, request: TaskRequest): NewTask {
    const definition = this.definitionOf(request.type);
    refuseReservedName(request.task_id);
    refuseTimes(timeFaults(request, this.clock.wallMs()));
    const payload = parse(definition.payload, request.payload, ['payload']) as Json;
    refuseUnstorable([...unstorable(payload, 'payload'), ...unstorable(request.labels ?? {}, 'labels')]);
    return {
      id: newId(),
      external_id: request.task_id,
      tenant_id: scope.tenantId,
      user_id: request.user_id,
      client_id: request.client_id,
      type: definition.type,
      queue: definition.queue,
      priority: request.priority ?? DEFAULT_PRIORITY,
      payload,
      ...this.patience(definition, request),
      run_at: request.run_at,
      delay_ms: request.delay_ms,
      unique_key: request.unique_key,
      concurrency_key: request.concurrency?.key,
      concurrency_limit: request.concurrency?.limit,
      rate_key: request.rate?.key,
      rate_limit: request.rate?.limit,
      rate_period_ms: request.rate?.period_ms,
      batch_id: request.batch_id,
      tags: request.tags,
      labels: request.labels,
      traceparent: currentTraceparent() ?? undefined,
      callback_url: request.callback_url,
      expires_at: request.expires_at,
      deadline_at: request.deadline_at,
      depends_on: request.depends_on?.length ? request.depends_on : undefined,
      on_dependency_failure: request.on_dependency_failure,
    };
  }

  /** The request decides, then the environment where it is set, then the type. */
  private patience(definition: TaskDefinition, request: TaskRequest) {
    const { backoff = {} } = request;
    return {
      max_attempts: request.max_attempts ?? definition.maxAttempts ?? this.config.taskMaxAttempts,
      timeout_ms:
        request.timeout_ms ?? this.config.taskTimeoutMs ?? definition.timeoutMs ?? DEFAULT_TIMEOUT_MS,
      backoff: {
        base_ms: backoff.base_ms ?? definition.backoff?.baseMs ?? this.config.taskBackoffMs,
        factor: backoff.factor ?? definition.backoff?.factor ?? 2,
        max_ms: backoff.max_ms ?? definition.backoff?.maxMs ?? MAX_BACKOFF_MS,
        jitter: backoff.jitter ?? definition.backoff?.jitter ?? 0.2,
      },
    };
  }

  private definitionOf(type: string): TaskDefinition {
    const definition = this.registry.definition(type);
    if (definition) return definition;
    const detail = `No handler declares the type ${type}; known are ${this.registry.types().join(', ')}`;
    throw new Fault('task.type_unknown', detail, {
      errors: [{ path: 'type', message: 'is not known here' }],
    });
  }
}

function refuseReservedName(name: string | undefined): void {
  if (name === undefined || (!isUuid(name) && !RESERVED_NAME.test(name))) return;
  const message = 'looks like an id of ours (a UUID, or ocr-<digits>); choose another name';
  throw new Fault('task_id.reserved', `task_id ${message}`, { errors: [{ path: 'task_id', message }] });
}

function refuseTimes(errors: FieldError[]): void {
  if (errors.length > 0)
    throw new Fault('request.invalid', 'The times do not fit together. See `errors`.', { errors });
}

function refuseUnstorable(errors: FieldError[]): void {
  if (errors.length > 0)
    throw new Fault('payload.unstorable', 'The payload cannot be stored. See `errors`.', { errors });
}
