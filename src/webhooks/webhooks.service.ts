import { Injectable } from '@nestjs/common';
import { Fault } from '../kernel/fault.js';
import { isUuid } from '../kernel/ids.js';
import type { Json } from '../kernel/json.js';
import type { TenantScope } from '../kernel/tenant-scope.js';
import { TaskControlService } from '../tasks/task-control.service.js';
import { DeliverSweep } from './deliver.sweep.js';
import { DeliveriesRepository, type DeliveryFilter, type DeliveryRow } from './deliveries.repository.js';
import { MAX_ATTEMPTS } from './delivery-verdict.js';
import type { DeliveryDetail, DeliveryView } from './webhooks.contract.js';

/** What callers see of deliveries, and do to them. */
@Injectable()
export class WebhooksService {
  constructor(
    private readonly deliveries: DeliveriesRepository,
    private readonly tasks: TaskControlService,
    private readonly sweep: DeliverSweep,
  ) {}

  /** @param filter.taskId id or external id @throws Fault `task.not_found` for a name that no task has */
  async list(scope: TenantScope, filter: DeliveryFilter, limit: number, before?: string) {
    const taskId = filter.taskId === undefined ? undefined : await this.idOf(scope, filter.taskId);
    const rows = await this.deliveries.list(scope, { ...filter, taskId }, limit, before);
    return rows.map(toView);
  }

  /** @throws Fault `delivery.not_found` */
  async get(scope: TenantScope, id: string): Promise<DeliveryDetail> {
    const row = await this.find(scope, id);
    return { ...toView(row), message: JSON.parse(row.body) as Json };
  }

  /**
   * Sends it again now, whatever became of it, with all attempts before it.
   * @throws Fault `delivery.not_found`, or `delivery.sending` while an attempt is on its way
   */
  async replay(scope: TenantScope, id: string): Promise<DeliveryView> {
    await this.find(scope, id);
    if (!(await this.deliveries.replay(scope, id))) {
      throw new Fault('delivery.sending', 'An attempt is on its way; look again in 15 s');
    }
    const view = toView(await this.find(scope, id));
    this.sweep.wake();
    return view;
  }

  private async find(scope: TenantScope, id: string): Promise<DeliveryRow> {
    const row = await this.deliveries.find(scope, id);
    if (!row) throw new Fault('delivery.not_found', `There is no delivery ${id}`);
    return row;
  }

  private async idOf(scope: TenantScope, name: string): Promise<string> {
    if (isUuid(name)) return name;
    const task = await this.tasks.get(scope, name);
    return task?.task_id ?? name;
  }
}

function toView(row: DeliveryRow): DeliveryView {
  return {
    delivery_id: row.id,
    event: row.event as DeliveryView['event'],
    task_id: row.taskId,
    batch_id: row.batchId,
    url: row.url,
    status: row.status as DeliveryView['status'],
    attempts: row.attempts,
    max_attempts: MAX_ATTEMPTS,
    next_attempt_at: row.status === 'pending' ? row.nextAttemptAt.toISOString() : null,
    last_attempt_at: row.lastAttemptAt?.toISOString() ?? null,
    last_status_code: row.lastStatusCode,
    last_error: row.lastError,
    last_response: row.lastResponse,
    created_at: row.createdAt.toISOString(),
    finished_at: row.finishedAt?.toISOString() ?? null,
    links: linksOf(row),
  };
}

function linksOf({ id, taskId, batchId }: DeliveryRow): Record<string, string> {
  const self = `/api/webhooks/deliveries/${id}`;
  return {
    self,
    replay: `${self}/replay`,
    ...(taskId ? { task: `/api/tasks/${taskId}` } : {}),
    ...(batchId ? { batch: `/api/batches/${batchId}` } : {}),
  };
}
