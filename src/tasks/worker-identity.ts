import { newId } from '../kernel/ids.js';

/** Which process incarnation this is. Tasks belong to it, never to a name. */
export class WorkerIdentity {
  readonly incarnation = newId();

  constructor(
    readonly name: string,
    /** `isolated`: runs one suspect alone. */
    readonly kind: 'pool' | 'isolated',
  ) {}
}
