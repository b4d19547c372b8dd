import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { Fault } from '../kernel/fault.js';

const Claims = z.object({
  key: z.string(),
  tenant: z.string(),
  /** Unix seconds. */
  until: z.int(),
  name: z.string().optional(),
  type: z.string().optional(),
});
export type FileClaims = z.output<typeof Claims>;

const SIGNED = /^([\w-]+)\.([\w-]{43})$/;

/** Signs what a link of ours allows: HMAC-SHA256 under a key that HKDF derives from the deployment's. */
export class FileLinks {
  private readonly keys: readonly Buffer[];

  /** @param secrets the first one signs, all of them verify; without any, both are refused */
  constructor(secrets: readonly string[]) {
    this.keys = secrets.map((secret) => Buffer.from(hkdfSync('sha256', secret, '', 'intake file links', 32)));
  }

  /** @returns text that fits into a path @throws Fault secret_key.missing */
  sign(claims: FileClaims): string {
    const [key] = this.keys;
    if (!key) {
      const detail = 'Links to files need INTAKE_SECRET_KEY; make one with: openssl rand -base64 32';
      throw new Fault('secret_key.missing', detail);
    }
    const body = Buffer.from(JSON.stringify(claims)).toString('base64url');
    return `${body}.${mac(key, body).toString('base64url')}`;
  }

  /**
   * @param nowSeconds Unix time
   * @throws Fault file_link.invalid for what no key of ours signed, file_link.expired
   */
  open(signed: string, nowSeconds: number): FileClaims {
    const [, body = '', signature = ''] = SIGNED.exec(signed) ?? [];
    const given = Buffer.from(signature, 'base64url');
    const isOurs = this.keys.some((key) => {
      const expected = mac(key, body);
      return expected.length === given.length && timingSafeEqual(expected, given);
    });
    if (!isOurs) throw new Fault('file_link.invalid', 'The link is not one of ours, or was changed.');
    const claims = Claims.parse(JSON.parse(Buffer.from(body, 'base64url').toString()));
    if (claims.until <= nowSeconds)
      throw new Fault('file_link.expired', 'The link has expired; ask for a new one.');
    return claims;
  }
}

function mac(key: Buffer, body: string): Buffer {
  return createHmac('sha256', key).update(body).digest();
}
