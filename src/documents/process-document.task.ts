import { defineTask } from '../tasks/define-task.js';
import { DocumentPayload, DocumentResult } from './documents.contract.js';

export const ProcessDocument = defineTask({
  type: 'documents.process',
  queue: 'documents',
  payload: DocumentPayload,
  result: DocumentResult,
  concurrency: 4,
});
