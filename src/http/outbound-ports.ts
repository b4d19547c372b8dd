import { lookup } from 'node:dns/promises';
import { connect, type Socket } from 'node:net';

/** Turns names into addresses. */
export abstract class NameResolver {
  /** @returns every address of the name, best first @throws what the system says */
  abstract resolve(host: string): Promise<string[]>;
}

/** Opens connections. */
export abstract class Dialer {
  /** @param address never a name: what was checked is what is dialled @throws what the system says, or the signal's reason */
  abstract dial(address: string, port: number, signal: AbortSignal): Promise<Socket>;
}

export class SystemResolver extends NameResolver {
  async resolve(host: string): Promise<string[]> {
    return (await lookup(host, { all: true })).map(({ address }) => address);
  }
}

export class SystemDialer extends Dialer {
  dial(address: string, port: number, signal: AbortSignal): Promise<Socket> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const socket = connect({ host: address, port, noDelay: true });
      const stop = () => socket.destroy(signal.reason as Error);
      signal.addEventListener('abort', stop, { once: true });
      // Stays: an error that nobody hears would end the process.
      socket.on('error', reject);
      socket.once('close', () => signal.removeEventListener('abort', stop));
      socket.once('connect', () => resolve(socket));
    });
  }
}
