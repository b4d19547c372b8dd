// owns: documents: their rows, chunks, vectors and routes. promises: the newest submission wins; running twice leaves
// the same rows; the same bytes cost nothing. never: decides when a task runs.
import { Module } from '@nestjs/common';
import { EmbeddingsModule } from '../engines/embeddings/embeddings.module.js';
import { ExtractionModule } from '../engines/extraction/extraction.module.js';
import { OperationsModule } from '../operations/operations.module.js';
import { QueueApiModule } from '../queue/queue.module.js';
import { ReindexModule } from '../reindex/reindex.module.js';
import { StorageModule } from '../storage/storage.module.js';
import { provideTask } from '../tasks/task-registry.js';
import { TasksModule } from '../tasks/tasks.module.js';
import { VectorsModule } from '../vectors/vectors.module.js';
import { DocumentErasureController } from './document-erasure.controller.js';
import { DocumentErasure } from './document-erasure.js';
import { DocumentIndex } from './document-index.js';
import { DocumentReading } from './document-reading.js';
import { DocumentReindexRepository } from './document-reindex.repository.js';
import { DocumentReindexSource } from './document-reindex-source.js';
import { DocumentReadsService } from './document-reads.service.js';
import { DocumentUploads } from './document-uploads.js';
import { DocumentTasksController } from './document-tasks.controller.js';
import { DocumentsController } from './documents.controller.js';
import { DocumentsRepository } from './documents.repository.js';
import { DocumentsService } from './documents.service.js';
import { ProcessDocumentHandler } from './process-document.handler.js';
import { ProcessDocument } from './process-document.task.js';
import { ReindexDocumentsHandler } from './reindex-documents.handler.js';
import { ReindexDocuments } from './reindex-documents.task.js';

@Module({
  imports: [EmbeddingsModule, StorageModule, TasksModule, VectorsModule],
  providers: [
    provideTask(ProcessDocument),
    provideTask(ReindexDocuments),
    DocumentErasure,
    DocumentIndex,
    DocumentUploads,
    DocumentsRepository,
  ],
  exports: [DocumentIndex, DocumentsRepository, EmbeddingsModule, StorageModule, TasksModule],
})
export class DocumentsModule {}

@Module({
  imports: [DocumentsModule, OperationsModule, QueueApiModule],
  controllers: [DocumentTasksController, DocumentsController, DocumentErasureController],
  providers: [DocumentReadsService, DocumentsService],
})
export class DocumentsApiModule {}

@Module({
  imports: [DocumentsModule, ExtractionModule, ReindexModule],
  providers: [
    DocumentReading,
    DocumentReindexRepository,
    DocumentReindexSource,
    ProcessDocumentHandler,
    ReindexDocumentsHandler,
  ],
})
export class DocumentsWorkerModule {}
