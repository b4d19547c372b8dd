import {
  DeliveryDetail,
  DeliveryView,
  WebhookSecret,
  type DELIVERY_STATUSES,
  type WEBHOOK_EVENTS,
} from '../webhooks/webhooks.contract.js';
import type { CallOptions, HttpCalls } from './http-calls.js';
import { pageOf, type PageOptions } from './page.js';

export interface DeliveryFilter extends PageOptions {
  /** A task's id or its own name. */
  task_id?: string;
  batch_id?: string;
  status?: (typeof DELIVERY_STATUSES)[number];
  event?: (typeof WEBHOOK_EVENTS)[number];
}

/** Callbacks: what was sent, what was not heard, and what they are signed with. */
export class WebhookCalls {
  constructor(private readonly calls: HttpCalls) {}

  /** What a receiver checks signatures with. */
  secret(options: CallOptions = {}) {
    return this.calls.json('/api/webhooks/secret', WebhookSecret, options);
  }

  /** Newest first. */
  deliveries(filter: DeliveryFilter = {}, options: CallOptions = {}) {
    return this.calls.json(PATH, pageOf(DeliveryView), { ...options, query: { ...filter } });
  }

  delivery(id: string, options: CallOptions = {}) {
    return this.calls.json(`${PATH}/${encodeURIComponent(id)}`, DeliveryDetail, options);
  }

  /** Sends it again now; the receiver knows it by its id. */
  replay(id: string, options: CallOptions = {}) {
    const path = `${PATH}/${encodeURIComponent(id)}/replay`;
    return this.calls.json(path, DeliveryView, { ...options, method: 'POST' });
  }
}

const PATH = '/api/webhooks/deliveries';
