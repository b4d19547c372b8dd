// owns: what is owed to receivers, and its sending. promises: what happened is owed once, in the same transaction; it is
// sent at least once, signed, to public addresses only, until it is heard or its attempts are spent. never: touches a task.
import { Global, Module } from '@nestjs/common';
import { Config } from '../config/config.js';
import { OutboundModule } from '../http/outbound.module.js';
import { Sealer } from '../kernel/sealer.js';
import { CallbackPolicy } from '../tasks/callback-policy.js';
import { TasksModule } from '../tasks/tasks.module.js';
import { DeliverSweep } from './deliver.sweep.js';
import { DeliveriesRepository } from './deliveries.repository.js';
import { DeliveryRetentionSweep } from './delivery-retention.sweep.js';
import { DeliverySender } from './delivery-sender.js';
import { GuardedCallbacks } from './guarded-callbacks.js';
import { OwedDeliveries } from './owed-deliveries.js';
import { WebhookSecretsRepository } from './secrets.repository.js';
import { WebhookSecrets } from './webhook-secrets.js';
import { WebhooksController } from './webhooks.controller.js';
import { WebhooksService } from './webhooks.service.js';

/** For every process that ends tasks; global, since `tasks` asks it whether a callback may be promised. */
@Global()
@Module({
  imports: [TasksModule, OutboundModule],
  providers: [
    { provide: CallbackPolicy, useClass: GuardedCallbacks },
    { provide: Sealer, inject: [Config], useFactory: ({ secretKeys }: Config) => new Sealer(secretKeys) },
    DeliverSweep,
    DeliveriesRepository,
    DeliveryRetentionSweep,
    DeliverySender,
    OwedDeliveries,
    WebhookSecrets,
    WebhookSecretsRepository,
    WebhooksService,
  ],
  exports: [CallbackPolicy, WebhookSecrets, WebhooksService],
})
export class WebhooksModule {}

@Module({ imports: [WebhooksModule], controllers: [WebhooksController] })
export class WebhooksApiModule {}
