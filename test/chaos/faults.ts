import { CALLBACK_FAULTS } from './callback-faults.js';
import type { Fault } from './fault.js';
import { POSTGRES_FAULTS } from './postgres-faults.js';
import { PROCESS_FAULTS } from './process-faults.js';
import { REDIS_FAULTS } from './redis-faults.js';
import type { TransportName } from './stack.js';

export const FAULTS: readonly Fault[] = [
  ...PROCESS_FAULTS,
  ...CALLBACK_FAULTS,
  ...REDIS_FAULTS,
  ...POSTGRES_FAULTS,
];

export function faultsOn(transport: TransportName): Fault[] {
  return FAULTS.filter(({ transports }) => transports.includes(transport));
}

/** @throws Error that names those that exist */
export function faultNamed(name: string): Fault {
  const fault = FAULTS.find((one) => one.name === name);
  if (fault) return fault;
  throw new Error(`there is no fault ${name}; there are ${FAULTS.map((one) => one.name).join(', ')}`);
}
