/**
 * Every error code that leaves the process: its HTTP status, its title and whether trying again can help.
 * The code is stable for ever; `http` renders it as problem+json and the executor reads `retryable`.
 */
export const FAULT_CODES = {
  'request.invalid': { status: 422, title: 'The request is not valid', retryable: false },
  'request.malformed': { status: 400, title: 'The request could not be read', retryable: false },
  'request.too_large': { status: 413, title: 'The request is too large', retryable: false },
  'request.unsupported_media_type': {
    status: 415,
    title: 'The media type is not supported',
    retryable: false,
  },
  'route.not_found': { status: 404, title: 'There is no such route', retryable: false },
  internal: { status: 500, title: 'Something went wrong inside Intake', retryable: true },
  'database.unavailable': { status: 503, title: 'The database cannot be reached', retryable: true },
  'transport.unavailable': { status: 503, title: 'The transport cannot be reached', retryable: true },

  'task.not_found': { status: 404, title: 'There is no such task', retryable: false },
  'task.exists': { status: 409, title: 'A task of this name exists', retryable: false },
  'task.type_unknown': { status: 422, title: 'No handler declares this task type', retryable: false },
  'task.not_retryable': {
    status: 409,
    title: 'Only a failed or cancelled task can be retried',
    retryable: false,
  },
  'task.not_cancellable': { status: 409, title: 'The task is already final', retryable: false },
  'task_id.reserved': { status: 422, title: 'This task name is reserved', retryable: false },
  'task.not_waiting': { status: 409, title: 'Only a waiting task can be changed', retryable: false },
  'task.expired': { status: 422, title: 'The task was not done in time', retryable: false },
  'dependency.unknown': { status: 422, title: 'A task to depend on is not there', retryable: false },
  'dependency.failed': { status: 422, title: 'A task that this one depends on failed', retryable: false },
  'batch.not_found': { status: 404, title: 'There is no such batch', retryable: false },
  'schedule.not_found': { status: 404, title: 'There is no such schedule', retryable: false },
  'schedule.exists': { status: 409, title: 'A schedule of this name exists', retryable: false },
  'schedule.overlap': { status: 409, title: 'The last task of this schedule is not final', retryable: true },
  'payload.unstorable': {
    status: 422,
    title: 'The payload holds a value that cannot be stored',
    retryable: false,
  },
  'result.unstorable': {
    status: 422,
    title: 'The result holds a value that cannot be stored',
    retryable: false,
  },
  'queue.full': { status: 503, title: 'The queue is full', retryable: true },
  'queue.unknown': { status: 404, title: 'There is no such queue', retryable: false },
  'queue.flush_forbidden': { status: 403, title: 'Flushing is switched off', retryable: false },
  'operation.not_found': { status: 404, title: 'There is no such operation', retryable: false },
  'operation.not_cancellable': { status: 409, title: 'The operation has ended already', retryable: false },
  'worker.not_found': { status: 404, title: 'There is no such worker', retryable: false },
  'worker.lost': { status: 409, title: 'The worker is lost', retryable: false },
  'callback.unavailable': { status: 422, title: 'Callbacks are not available here', retryable: false },
  'callback.forbidden': { status: 422, title: 'This callback address may not be called', retryable: false },
  'idempotency.mismatch': {
    status: 422,
    title: 'This Idempotency-Key was used for another request',
    retryable: false,
  },
  'idempotency.in_flight': {
    status: 409,
    title: 'A request with this Idempotency-Key is in flight',
    retryable: true,
  },

  'delivery.not_found': { status: 404, title: 'There is no such delivery', retryable: false },
  'delivery.sending': { status: 409, title: 'The delivery is being sent', retryable: true },
  'secret_key.missing': { status: 503, title: 'INTAKE_SECRET_KEY is not set', retryable: false },
  'secret_key.wrong': {
    status: 503,
    title: 'INTAKE_SECRET_KEY does not open what is stored',
    retryable: false,
  },

  'outbound.forbidden': { status: 422, title: 'The address may not be reached from here', retryable: false },
  'outbound.unreachable': { status: 502, title: 'The other host cannot be reached', retryable: true },
  'outbound.timeout': { status: 504, title: 'The other host did not answer in time', retryable: true },
  'outbound.too_large': { status: 413, title: 'The other host answered too much', retryable: false },

  'handler.failed': { status: 500, title: 'The handler failed', retryable: true },
  'handler.timeout': { status: 504, title: 'The attempt ran out of time', retryable: true },
  'handler.crashed': { status: 500, title: 'The worker process died during the attempt', retryable: true },
  'lease.lost': { status: 409, title: 'Another attempt holds the lease', retryable: false },
  'sandbox.out_of_memory': {
    status: 422,
    title: 'Reading the file needs more memory than allowed',
    retryable: false,
  },
  'sandbox.timeout': { status: 422, title: 'Reading the file takes longer than allowed', retryable: false },
  'sandbox.result_too_large': {
    status: 422,
    title: 'Reading the file yields more than allowed',
    retryable: false,
  },
  'sandbox.crashed': { status: 500, title: 'The reading process died', retryable: true },

  'path.forbidden': { status: 422, title: 'The path leaves its root', retryable: false },
  'path.too_long': { status: 422, title: 'A part of the path is too long', retryable: false },
  'source.not_found': { status: 404, title: 'The source does not exist', retryable: false },
  'source.not_a_file': { status: 422, title: 'The source is not a file', retryable: false },
  'source.too_large': { status: 413, title: 'The source is too large', retryable: false },
  'storage.unavailable': { status: 503, title: 'The storage cannot be reached', retryable: true },
  'document.not_found': { status: 404, title: 'There is no such document', retryable: false },
  'document.not_processed': {
    status: 409,
    title: 'The document has not been processed yet',
    retryable: true,
  },
  'document.empty': { status: 422, title: 'The file is empty', retryable: false },
  'document.unsupported': { status: 422, title: 'The file type is not supported', retryable: false },
  'document.encrypted': { status: 422, title: 'The document is protected by a password', retryable: false },
  'document.corrupt': { status: 422, title: 'The document is damaged', retryable: false },
  'document.too_large': { status: 422, title: 'The document unpacks to more than allowed', retryable: false },
  'embedding.unavailable': { status: 503, title: 'The embedding model is not available', retryable: true },
  'vectors.collection_unknown': {
    status: 404,
    title: 'There is no such vector collection',
    retryable: false,
  },
  'vectors.dimension_mismatch': {
    status: 422,
    title: 'The vector has the wrong dimension',
    retryable: false,
  },
  'vectors.invalid': { status: 422, title: 'The vector has no direction', retryable: false },
} as const satisfies Record<string, { status: number; title: string; retryable: boolean }>;

export type FaultCode = keyof typeof FAULT_CODES;
