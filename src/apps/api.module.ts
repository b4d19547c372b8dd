// owns: the composition of the API process. promises: every route, no handler.
// never: holds logic of its own.
import { Module } from '@nestjs/common';
import { DiagnosticsModule } from '../diagnostics/diagnostics.module.js';
import { DocumentsApiModule } from '../documents/documents.module.js';
import { HttpModule } from '../http/http.module.js';
import { ImagesApiModule } from '../images/images.module.js';
import { OperationsApiModule } from '../operations/operations.module.js';
import { QueueApiModule } from '../queue/queue.module.js';
import { SchedulesApiModule } from '../schedules/schedules.module.js';
import { StorageApiModule } from '../storage/storage.module.js';
import { TasksApiModule } from '../tasks/tasks.module.js';
import { TenantsModule } from '../tenants/tenants.module.js';
import { WebhooksApiModule } from '../webhooks/webhooks.module.js';
import { PlatformModule } from './platform.module.js';

@Module({
  imports: [
    PlatformModule,
    HttpModule,
    TenantsModule,
    StorageApiModule,
    TasksApiModule,
    QueueApiModule,
    SchedulesApiModule,
    OperationsApiModule,
    DocumentsApiModule,
    ImagesApiModule,
    DiagnosticsModule,
    WebhooksApiModule,
  ],
})
export class ApiModule {}
