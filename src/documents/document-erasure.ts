import { Injectable } from '@nestjs/common';
import type { Tx } from '../database/transaction.js';
import type { TenantScope } from '../kernel/tenant-scope.js';
import { OperationKind, type OperationPart, type OperationStep } from '../operations/operation-kind.js';
import { Uploads } from '../storage/uploads.js';
import { ignoring } from '../telemetry/ignoring.js';
import { DocumentIndex } from './document-index.js';
import type { EraseDocuments } from './documents.contract.js';
import { DocumentsRepository } from './documents.repository.js';

export const ERASE_DOCUMENTS = 'documents.erase';
/** Each has vectors of its own to remove. */
const BATCH = 100;

/** Removes all documents of a user, or of the tenant: rows, text, passages, vectors, uploads. */
@Injectable()
export class DocumentErasure extends OperationKind<EraseDocuments> {
  readonly name = ERASE_DOCUMENTS;

  constructor(
    private readonly documents: DocumentsRepository,
    private readonly index: DocumentIndex,
    private readonly uploads: Uploads,
  ) {
    super();
  }

  count(scope: TenantScope, { user_id }: EraseDocuments): Promise<number> {
    return this.documents.count(scope, { userId: user_id });
  }

  async step(tx: Tx, part: OperationPart<EraseDocuments>): Promise<OperationStep> {
    const { scope, input, startedAt, state } = part;
    const limit = Math.min(part.limit, BATCH);
    const choice = { userId: input.user_id, until: startedAt, after: state as string | null, limit };
    const gone = await this.documents.erase(tx, scope, choice);
    for (const { documentId } of gone) await this.index.delete(tx, scope, documentId);
    return {
      state: gone.at(-1)?.documentId ?? state,
      done: gone.length,
      ended: gone.length < limit,
      afterCommit: () => this.release(gone.flatMap(({ storageKey }) => storageKey ?? [])),
    };
  }

  private release(keys: readonly string[]): void {
    void ignoring(this.uploads.release(keys), 'uploads of erased documents are left to the sweep');
  }
}
