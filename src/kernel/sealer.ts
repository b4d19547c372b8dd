import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { Fault } from './fault.js';

interface Key {
  /** Names the key in what it sealed; tells nothing about it. */
  id: string;
  key: Buffer;
}

const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const SEALED = /^v1\.([0-9a-f]{8})\.([\w-]+)$/;

/**
 * Keeps secrets unreadable in the database: AES-256-GCM under a key that HKDF-SHA256 derives from the deployment's.
 * A sealed text names its key, so that keys can be exchanged, and opens only where it was meant for.
 */
export class Sealer {
  private readonly keys: readonly Key[];

  /** @param secrets the first one seals, all of them open; without any, both are refused */
  constructor(secrets: readonly string[]) {
    this.keys = secrets.map((secret) => ({
      id: derive(secret, 'intake sealing key id', 4).toString('hex'),
      key: derive(secret, 'intake sealing key', 32),
    }));
  }

  get isAvailable(): boolean {
    return this.keys.length > 0;
  }

  /**
   * @param purpose what the text is and whose, such as `webhook-secret:<tenant>`: it opens under the same purpose only
   * @throws Fault secret_key.missing
   */
  seal(text: string, purpose: string): string {
    const { id, key } = this.current();
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, key, nonce).setAAD(Buffer.from(purpose));
    const sealed = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return `v1.${id}.${sealed.toString('base64url')}`;
  }

  /** @throws Fault secret_key.missing, or secret_key.wrong when none of the keys opens it */
  open(sealed: string, purpose: string): string {
    this.current();
    const [, id, payload = ''] = SEALED.exec(sealed) ?? [];
    const key = this.keys.find((each) => each.id === id)?.key;
    if (!key) throw wrong();
    const bytes = Buffer.from(payload, 'base64url');
    try {
      const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, NONCE_BYTES), {
        authTagLength: TAG_BYTES,
      });
      decipher.setAAD(Buffer.from(purpose)).setAuthTag(bytes.subarray(-TAG_BYTES));
      const text = decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES));
      return Buffer.concat([text, decipher.final()]).toString('utf8');
    } catch (cause) {
      throw wrong(cause);
    }
  }

  /** Whether an older key sealed it: seal it again, and that key can go. */
  isStale(sealed: string): boolean {
    return SEALED.exec(sealed)?.[1] !== this.keys[0]?.id;
  }

  private current(): Key {
    const [key] = this.keys;
    if (key) return key;
    const detail = 'INTAKE_SECRET_KEY is not set; make one with: openssl rand -base64 32';
    throw new Fault('secret_key.missing', detail);
  }
}

function derive(secret: string, what: string, bytes: number): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', what, bytes));
}

function wrong(cause?: unknown): Fault {
  const detail =
    'A stored secret cannot be opened; set INTAKE_SECRET_KEY_PREVIOUS to the key that it was sealed with';
  return new Fault('secret_key.wrong', detail, { cause });
}
