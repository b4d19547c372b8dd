import { isIP, type Socket } from 'node:net';
import { connect } from 'node:tls';
import { Fault } from '../kernel/fault.js';

/** The host answered, but did not prove to be the one that was asked for. */
export class UnprovenHost extends Fault {}

const UNTRUSTED = 'of an authority that is not trusted here';
/** What a certificate shows, by the codes of Node and OpenSSL. */
const CERTIFICATES: Readonly<Record<string, string>> = {
  ERR_TLS_CERT_ALTNAME_INVALID: 'for another name',
  CERT_HAS_EXPIRED: 'that has expired',
  CERT_NOT_YET_VALID: 'that is not valid yet',
  CERT_REVOKED: 'that was revoked',
  DEPTH_ZERO_SELF_SIGNED_CERT: UNTRUSTED,
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNTRUSTED,
};

/**
 * TLS to the name that was asked for, whatever address was dialled.
 * @throws UnprovenHost; the signal's reason
 */
export function secured(socket: Socket, host: string, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const name = isIP(host) ? {} : { servername: host };
    const secure = connect({ socket, host, ...name, ALPNProtocols: ['http/1.1'] });
    const stop = () => secure.destroy(signal.reason as Error);
    signal.addEventListener('abort', stop, { once: true });
    secure.once('close', () => signal.removeEventListener('abort', stop));
    secure.on('error', (error) => reject(distrusted(error) ?? error));
    secure.once('secureConnect', () => resolve(secure));
  });
}

function distrusted(error: NodeJS.ErrnoException): UnprovenHost | undefined {
  const what = CERTIFICATES[error.code ?? ''];
  if (!what) return undefined;
  return new UnprovenHost('outbound.unreachable', `The host shows a certificate ${what}`, { cause: error });
}
