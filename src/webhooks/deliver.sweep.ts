import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { Database } from '../database/database.js';
import { newId } from '../kernel/ids.js';
import { Sweep } from '../kernel/sweep.js';
import { ignoring } from '../telemetry/ignoring.js';
import { DeliveriesRepository, type TakenDelivery } from './deliveries.repository.js';
import { DeliverySender } from './delivery-sender.js';
import { LIMITS, fairShare, type Lane } from './fair-share.js';
import { WebhookSecrets } from './webhook-secrets.js';

/** An attempt takes 15 s at most; storing its outcome may have to wait for Postgres. */
const LEASE_S = 60;
/** Lanes of one look. */
const LANES = 200;
/** What is on its way at shutdown may arrive; after this it is called off. */
const FAREWELL_MS = 3_000;

/** Sends what is due: takes it under a lease in a short transaction, sends it outside of any. */
@Injectable()
export class DeliverSweep extends Sweep implements BeforeApplicationShutdown {
  readonly name = 'deliver';
  readonly intervalMs = 1_000;
  private readonly sending = new Map<string, { lane: Lane; done: Promise<void> }>();
  /** Where the walk over the lanes stands. */
  private after: Lane | null = null;
  private readonly calledOff = new AbortController();
  private stopping = false;
  private passing: Promise<void> = Promise.resolve();

  constructor(
    private readonly database: Database,
    private readonly deliveries: DeliveriesRepository,
    private readonly sender: DeliverySender,
    private readonly secrets: WebhookSecrets,
  ) {
    super();
    setMaxListeners(0, this.calledOff.signal);
  }

  /** A process without the key to the secrets leaves sending to those that have it. */
  async runOnce(): Promise<Record<string, number>> {
    if (!this.secrets.isAvailable) return {};
    const { due, expired } = await this.deliveries.findWork();
    const lost = expired ? await this.database.transaction((tx) => this.deliveries.expire(tx)) : 0;
    if (due || lost > 0) await (this.passing = this.sendDue());
    return { delivery_lost: lost };
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopping = true;
    await Promise.race([this.idle(), delay(FAREWELL_MS, undefined, { ref: false })]);
    this.calledOff.abort(new Error('shutdown'));
    await this.idle();
  }

  /** Once around all lanes, or until the process is full. */
  private async sendDue(): Promise<void> {
    for (let fromFirst = this.after === null; !this.stopping && this.sending.size < LIMITS.all;) {
      for (const delivery of await this.takeNext()) this.start(delivery);
      if (this.after !== null) continue;
      if (fromFirst) return;
      fromFirst = true;
    }
  }

  private takeNext(): Promise<TakenDelivery[]> {
    return this.database.transaction(async (tx) => {
      const due = await this.deliveries.findDue(tx, this.after, LANES, LIMITS.host);
      const busy = [...this.sending.values()].map(({ lane }) => lane);
      const { chosen, stoppedAfter } = fairShare(due, busy);
      const lanes = new Set(due.map(({ tenant_id, host }) => JSON.stringify([tenant_id, host])));
      this.after = stoppedAfter ?? (lanes.size < LANES ? null : (due.at(-1) ?? null));
      return chosen.length > 0 ? this.deliveries.take(tx, chosen, newId(), LEASE_S) : [];
    });
  }

  private start(delivery: TakenDelivery): void {
    this.sending.set(delivery.id, { lane: delivery, done: this.send(delivery) });
  }

  private async send(delivery: TakenDelivery): Promise<void> {
    const sent = this.sender.send(delivery, this.calledOff.signal);
    await ignoring(sent, 'the delivery is sent again when its lease is over');
    this.sending.delete(delivery.id);
    this.wake();
  }

  /** Nothing is on its way, and nothing is about to be. */
  private async idle(): Promise<void> {
    await Promise.allSettled([this.passing]);
    await Promise.all([...this.sending.values()].map(({ done }) => done));
  }
}
