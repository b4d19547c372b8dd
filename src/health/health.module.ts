// owns: the health routes and what they ask. promises: an answer within seconds whatever is down; a lost transport,
// storage or vector database never makes the process unready. never: repairs anything, or shows more of a failure than its name.
import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { StorageModule } from '../storage/storage.module.js';
import { TransportModule } from '../transport/transport.module.js';
import { VectorsModule } from '../vectors/vectors.module.js';
import { Companions } from './companions.js';
import { EventLoop } from './event-loop.js';
import { HealthController } from './health.controller.js';
import { HealthService } from './health.service.js';

@Module({
  imports: [TerminusModule.forRoot({ logger: false }), StorageModule, TransportModule, VectorsModule],
  controllers: [HealthController],
  providers: [Companions, HealthService, EventLoop],
  exports: [HealthService],
})
export class HealthModule {}
