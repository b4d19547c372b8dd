import { setTimeout as delay } from 'node:timers/promises';
import { OperationView } from '../operations/operations.contract.js';
import type { CallOptions, HttpCalls } from './http-calls.js';
import { pageOf, type PageOptions } from './page.js';

const POLL_MS = 250;

export interface OperationFilter extends PageOptions {
  status?: OperationView['status'];
  kind?: string;
}

/** Work that goes on in the background. */
export class OperationCalls {
  constructor(private readonly calls: HttpCalls) {}

  get(operationId: string, options: CallOptions = {}) {
    return this.calls.json(pathOf(operationId), OperationView, options);
  }

  /** Newest first. */
  list(filter: OperationFilter = {}, options: CallOptions = {}) {
    return this.calls.json('/api/operations', pageOf(OperationView), { ...options, query: { ...filter } });
  }

  /** Ends it after the step in progress; what was done stays done. */
  cancel(operationId: string, options: CallOptions = {}) {
    return this.calls.json(`${pathOf(operationId)}/cancel`, OperationView, { ...options, method: 'POST' });
  }

  /** Polls until it has ended. @param onProgress called with what each poll finds */
  async waitFor(
    operationId: string,
    { signal, onProgress }: CallOptions & { onProgress?: (operation: OperationView) => void } = {},
  ): Promise<OperationView> {
    for (;;) {
      const operation = await this.get(operationId, { signal });
      onProgress?.(operation);
      if (operation.status !== 'running') return operation;
      await delay(POLL_MS, undefined, { signal });
    }
  }
}

function pathOf(operationId: string): string {
  return `/api/operations/${encodeURIComponent(operationId)}`;
}
