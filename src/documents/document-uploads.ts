import { Injectable } from '@nestjs/common';
import { UploadOwner } from '../storage/upload-owner.js';
import { DocumentsRepository } from './documents.repository.js';

/** Where our uploads lie. */
export const DOCUMENT_UPLOADS = 'documents';

/** Says which uploads are documents. */
@Injectable()
export class DocumentUploads extends UploadOwner {
  readonly feature = DOCUMENT_UPLOADS;

  constructor(private readonly documents: DocumentsRepository) {
    super();
  }

  inUse(keys: readonly string[]): Promise<readonly string[]> {
    return this.documents.uploadsInUse(keys);
  }
}
