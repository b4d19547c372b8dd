import type { Type } from '@nestjs/common';
import { DiagnosticsWorkerModule } from '../diagnostics/diagnostics.module.js';
import { DocumentsWorkerModule } from '../documents/documents.module.js';
import { ImagesWorkerModule } from '../images/images.module.js';

/** Every handler that ships with Intake: the one list to extend when a feature is added. */
export const HANDLER_MODULES: Type[] = [DiagnosticsWorkerModule, DocumentsWorkerModule, ImagesWorkerModule];
