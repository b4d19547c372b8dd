// owns: images: their rows, thumbnails, vectors, near-duplicates and routes. promises: the newest submission wins; running
// twice leaves the same; the same bytes cost nothing; what was decided does not come up again. never: decides when a task runs.
import { Module } from '@nestjs/common';
import { EmbeddingsModule } from '../engines/embeddings/embeddings.module.js';
import { PicturesModule } from '../engines/pictures/pictures.module.js';
import { OperationsModule } from '../operations/operations.module.js';
import { ReindexModule } from '../reindex/reindex.module.js';
import { StorageModule } from '../storage/storage.module.js';
import { provideTask } from '../tasks/task-registry.js';
import { TasksModule } from '../tasks/tasks.module.js';
import { VectorsModule } from '../vectors/vectors.module.js';
import { DuplicatesController } from './duplicates.controller.js';
import { DuplicatesRepository } from './duplicates.repository.js';
import { DuplicatesService } from './duplicates.service.js';
import { ImageErasureController } from './image-erasure.controller.js';
import { ImageErasure } from './image-erasure.js';
import { ImageFilesController } from './image-files.controller.js';
import { ImageFilesService } from './image-files.service.js';
import { ImageIndex } from './image-index.js';
import { ImageQueueController } from './image-queue.controller.js';
import { ImageReading } from './image-reading.js';
import { ImageReadsService } from './image-reads.service.js';
import { ImageRecords } from './image-records.js';
import { ImageReindexRepository } from './image-reindex.repository.js';
import { ImageReindexSource } from './image-reindex-source.js';
import { ImageSearchController } from './image-search.controller.js';
import { ImageSearchService } from './image-search.service.js';
import { ImageUploads } from './image-uploads.js';
import { ImagesController } from './images.controller.js';
import { ImagesRepository } from './images.repository.js';
import { ImagesService } from './images.service.js';
import { IndexImageHandler } from './index-image.handler.js';
import { IndexImage } from './index-image.task.js';
import { NearDuplicates } from './near-duplicates.js';
import { PictureInputs } from './picture-inputs.js';
import { ReindexImagesHandler } from './reindex-images.handler.js';
import { ReindexImages } from './reindex-images.task.js';

@Module({
  imports: [EmbeddingsModule, PicturesModule, StorageModule, TasksModule, VectorsModule],
  providers: [
    provideTask(IndexImage),
    provideTask(ReindexImages),
    DuplicatesRepository,
    ImageErasure,
    ImageIndex,
    ImageUploads,
    ImagesRepository,
    PictureInputs,
  ],
  exports: [
    DuplicatesRepository,
    EmbeddingsModule,
    ImageIndex,
    ImagesRepository,
    PictureInputs,
    PicturesModule,
    StorageModule,
    TasksModule,
  ],
})
export class ImagesModule {}

@Module({
  imports: [ImagesModule, OperationsModule],
  // Routes with names of their own come before those that take any product's.
  controllers: [
    ImageQueueController,
    ImageSearchController,
    DuplicatesController,
    ImageFilesController,
    ImagesController,
    ImageErasureController,
  ],
  providers: [DuplicatesService, ImageFilesService, ImageReadsService, ImageSearchService, ImagesService],
})
export class ImagesApiModule {}

@Module({
  imports: [ImagesModule, ReindexModule],
  providers: [
    ImageReading,
    ImageRecords,
    ImageReindexRepository,
    ImageReindexSource,
    IndexImageHandler,
    NearDuplicates,
    ReindexImagesHandler,
  ],
})
export class ImagesWorkerModule {}
