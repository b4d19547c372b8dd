import { eventually } from '../support/eventually.js';
import { idOf } from './callbacks.js';
import { BOTH, type Fault } from './fault.js';
import { missingOwners, ownerOf } from './socket-owner.js';

const SENT_AGAIN = `
SELECT FROM webhook_deliveries WHERE id = $1::uuid AND status = 'succeeded' AND attempts > 1`;

export const CALLBACK_FAULTS: readonly Fault[] = [
  {
    name: 'sender-killed',
    what: 'SIGKILL of whoever sends a callback, while its receiver thinks; it starts again, and the callback arrives',
    transports: BOTH,
    missing: missingOwners,
    inject: async (stack) => {
      const held = await stack.callbacks.holdNext();
      const processes = [stack.api, ...stack.workers];
      const sender = ownerOf(held.port, processes);
      await sender.kill('SIGKILL');
      await stack.restartDead();
      // Nobody else may send it before the lease of the dead is over: a minute.
      const arrived = () => stack.database.query(SENT_AGAIN, idOf(held));
      await eventually(async () => (await arrived()).length > 0, { timeoutMs: 120_000, everyMs: 250 });
    },
  },
];
