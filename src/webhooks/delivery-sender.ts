import { Injectable, Logger } from '@nestjs/common';
import { Database } from '../database/database.js';
import { startOf } from '../http/outbound-body.js';
import { Outbound } from '../http/outbound.js';
import { Batcher } from '../kernel/batcher.js';
import { Clock } from '../kernel/clock.js';
import { Fault } from '../kernel/fault.js';
import { isDatabaseDown, repeat } from '../kernel/repeat.js';
import { Metrics } from '../telemetry/metrics.registry.js';
import { continueTrace, currentTraceparent } from '../telemetry/traceparent.js';
import { DeliveriesRepository, type TakenDelivery } from './deliveries.repository.js';
import { verdictOn, type Attempted, type Verdict } from './delivery-verdict.js';
import { signedHeaders } from './signature.js';
import { WebhookSecrets } from './webhook-secrets.js';

const ANSWER_WITHIN_MS = 15_000;
const MAX_ANSWER_BYTES = 64 * 1024;
const SHOWN_BYTES = 1_024;
const BUCKETS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15];
/** Well below the lease: what Postgres does not hear by then is sent again. */
const SETTLE_WITHIN_MS = 20_000;
/** Somebody has to set the right key first. */
const UNSIGNED_PAUSE_S = 60;

interface Ended {
  delivery: TakenDelivery;
  verdict: Verdict;
}

/** Makes one attempt: signs, sends, judges the answer and stores what follows. */
@Injectable()
export class DeliverySender {
  private readonly logger = new Logger('webhooks');
  private readonly durations;
  private readonly settlements = new Batcher<Ended, boolean>((ended) => this.settle(ended), {
    maxItems: 64,
    maxInFlight: 1,
  });

  constructor(
    private readonly database: Database,
    private readonly deliveries: DeliveriesRepository,
    private readonly outbound: Outbound,
    private readonly secrets: WebhookSecrets,
    private readonly clock: Clock,
    metrics: Metrics,
  ) {
    this.durations = metrics.histogram(
      'webhook_attempt_seconds',
      'From the attempt to deliver a webhook to its end; counts them by outcome',
      ['outcome'],
      BUCKETS,
    );
  }

  /** @param signal ends the attempt, which then does not count */
  send(delivery: TakenDelivery, signal: AbortSignal): Promise<void> {
    const attributes = {
      'intake.webhook.event': delivery.event,
      'intake.webhook.attempt': delivery.attempts,
    };
    const work = () => this.attempt(delivery, signal);
    return continueTrace(delivery.traceparent, `deliver ${delivery.event}`, attributes, work);
  }

  private async attempt(delivery: TakenDelivery, signal: AbortSignal): Promise<void> {
    const secret = await this.secretFor(delivery);
    if (secret === null) return;
    const startMs = this.clock.monotonicMs();
    const attempted = await this.call(delivery, secret, signal);
    if (signal.aborted && attempted.error)
      return this.deliveries.giveBack(delivery, 0, 'The process stopped');
    const verdict = verdictOn(attempted, delivery.attempts, this.clock.wallMs());
    const held = await this.settlements.add({ delivery, verdict });
    this.tell(delivery, verdict, held ? verdict.outcome : 'late', this.clock.monotonicMs() - startMs);
  }

  /** Without the secret the delivery waits: it is not the receiver's fault. */
  private async secretFor(delivery: TakenDelivery): Promise<string | null> {
    try {
      return (await this.secrets.of({ tenantId: delivery.tenant_id })).secret;
    } catch (error) {
      if (!Fault.is(error, 'secret_key.wrong')) throw error;
      this.logger.error({ msg: 'a webhook cannot be signed', delivery_id: delivery.id, err: error });
      await this.deliveries.giveBack(delivery, UNSIGNED_PAUSE_S, error.message);
      return null;
    }
  }

  private async call(
    { id, url, body, at_seconds }: TakenDelivery,
    secret: string,
    signal: AbortSignal,
  ): Promise<Attempted> {
    const traceparent = currentTraceparent();
    const headers = {
      'content-type': 'application/json',
      ...signedHeaders(id, at_seconds, body, [secret]),
      ...(traceparent ? { traceparent } : {}),
    };
    const limits = { totalMs: ANSWER_WITHIN_MS, maxBytes: MAX_ANSWER_BYTES };
    try {
      const answer = await this.outbound.send({ url, method: 'POST', headers, body, limits, signal });
      const retryAfter = answer.headers['retry-after'];
      return { statusCode: answer.status, retryAfter, response: await startOf(answer.body, SHOWN_BYTES) };
    } catch (error) {
      return { error };
    }
  }

  /** @returns for each whether its lease was still held; otherwise somebody else has it by now */
  private async settle(ended: readonly Ended[]): Promise<Array<{ ok: boolean }>> {
    const held = await repeat(
      () => this.database.transaction((tx) => this.deliveries.settle(tx, ended)),
      isDatabaseDown,
      SETTLE_WITHIN_MS,
    );
    return ended.map(({ delivery }) => ({ ok: held.includes(delivery.id) }));
  }

  private tell(
    { id, event, host, attempts }: TakenDelivery,
    verdict: Verdict,
    outcome: string,
    ms: number,
  ): void {
    this.durations.observe({ outcome }, ms / 1_000);
    const { statusCode: status_code, error } = verdict;
    const line = {
      delivery_id: id,
      event,
      host,
      attempt: attempts,
      outcome,
      status_code,
      ms: Math.round(ms),
    };
    if (error) this.logger.warn({ msg: 'webhook not delivered', ...line, error });
    else this.logger.log({ msg: 'webhook delivered', ...line });
  }
}
