import { defineTask } from '../tasks/define-task.js';
import { EchoPayload, EchoResult } from './diagnostics.contract.js';

export const Echo = defineTask({
  type: 'diagnostics.echo',
  queue: 'default',
  payload: EchoPayload,
  result: EchoResult,
  concurrency: 50,
});
