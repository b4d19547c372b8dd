import { Injectable } from '@nestjs/common';
import type { Tx } from '../database/transaction.js';
import type { TenantScope } from '../kernel/tenant-scope.js';
import { Erasure, type Erase, type Erased, type ErasureChoice } from '../operations/erasure.js';
import { Uploads } from '../storage/uploads.js';
import { DocumentIndex } from './document-index.js';
import { DocumentsRepository } from './documents.repository.js';

export const ERASE_DOCUMENTS = 'documents.erase';

/** Removes all documents of a user, or of the tenant: rows, text, passages, vectors, uploads. */
@Injectable()
export class DocumentErasure extends Erasure {
  readonly name = ERASE_DOCUMENTS;

  constructor(
    private readonly documents: DocumentsRepository,
    private readonly index: DocumentIndex,
    uploads: Uploads,
  ) {
    super(uploads);
  }

  count(scope: TenantScope, { user_id }: Erase): Promise<number> {
    return this.documents.count(scope, { userId: user_id });
  }

  protected async erase(tx: Tx, scope: TenantScope, choice: ErasureChoice): Promise<Erased[]> {
    const after = choice.after as string | null;
    const gone = await this.documents.erase(tx, scope, { ...choice, after });
    for (const { documentId } of gone) await this.index.delete(tx, scope, documentId);
    return gone.map(({ documentId, storageKey }) => ({
      cursor: documentId,
      keys: storageKey === null ? [] : [storageKey],
    }));
  }
}
