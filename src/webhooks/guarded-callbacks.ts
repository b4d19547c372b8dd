import { Injectable } from '@nestjs/common';
import { Outbound } from '../http/outbound.js';
import { Clock } from '../kernel/clock.js';
import { Fault } from '../kernel/fault.js';
import { CallbackPolicy } from '../tasks/callback-policy.js';
import { WebhookSecrets } from './webhook-secrets.js';

/** Accepting work must not wait for somebody's name server. */
const PATIENCE_MS = 1_000;
/** The system resolves names in threads that everything shares. */
const MAX_ASKING = 2;
const REMEMBERED_MS = 30_000;
const MAX_REMEMBERED = 1_000;

/**
 * Refuses at submit what could never be delivered: private addresses, and names that lead to some. A name that cannot be
 * resolved now is let in; what is sent is checked again at every attempt.
 */
@Injectable()
export class GuardedCallbacks extends CallbackPolicy {
  private readonly admitted = new Map<string, number>();
  private asking = 0;

  constructor(
    private readonly outbound: Outbound,
    private readonly secrets: WebhookSecrets,
    private readonly clock: Clock,
  ) {
    super();
  }

  async check(url: string): Promise<void> {
    if (!this.secrets.isAvailable) {
      throw refusal('callback.unavailable', 'cannot be signed: set INTAKE_SECRET_KEY, or leave it out');
    }
    const host = URL.canParse(url) ? new URL(url).host : url;
    const known = this.clock.monotonicMs() - (this.admitted.get(host) ?? -Infinity) < REMEMBERED_MS;
    const patienceMs = known || this.asking >= MAX_ASKING ? 0 : PATIENCE_MS;
    await this.inspect(url, patienceMs);
    if (patienceMs === 0) return;
    if (this.admitted.size >= MAX_REMEMBERED) this.admitted.clear();
    this.admitted.set(host, this.clock.monotonicMs());
  }

  private async inspect(url: string, patienceMs: number): Promise<void> {
    this.asking += 1;
    try {
      await this.outbound.inspect(url, patienceMs);
    } catch (error) {
      if (!Fault.is(error, 'outbound.forbidden')) throw error;
      throw refusal('callback.forbidden', error.detail.replace(/^The URL /, ''));
    } finally {
      this.asking -= 1;
    }
  }
}

function refusal(code: 'callback.unavailable' | 'callback.forbidden', message: string): Fault {
  return new Fault(code, `callback_url ${message}`, { errors: [{ path: 'callback_url', message }] });
}
