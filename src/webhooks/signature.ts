import { createHmac } from 'node:crypto';

const SECRET_PREFIX = 'whsec_';

/** A secret as people copy it: `whsec_` and the key in base64. */
export function toSecret(key: Buffer): string {
  return SECRET_PREFIX + key.toString('base64');
}

/**
 * The headers of one attempt, by Standard Webhooks 1.0 (symmetric).
 * @param secrets all that a receiver may check with at this moment; one signature each
 * @param atSeconds Unix time of the attempt
 */
export function signedHeaders(id: string, atSeconds: number, body: string, secrets: readonly string[]) {
  const signatures = secrets.map((secret) => `v1,${sign(`${id}.${atSeconds}.${body}`, secret)}`);
  return {
    'webhook-id': id,
    'webhook-timestamp': String(atSeconds),
    'webhook-signature': signatures.join(' '),
  };
}

function sign(content: string, secret: string): string {
  const key = Buffer.from(secret.slice(SECRET_PREFIX.length), 'base64');
  return createHmac('sha256', key).update(content).digest('base64');
}
