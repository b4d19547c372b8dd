import { generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';

/** As TLS servers take it, in PEM. */
export interface Certificate {
  key: string;
  cert: string;
}

interface Identity {
  name: string;
  privateKey: KeyObject;
}

/** Signs certificates (X.509, RFC 5280) that only those trust who know it. */
export class CertificateAuthority {
  /** In PEM. */
  readonly cert: string;
  private readonly own: Identity;

  constructor(name: string) {
    const { privateKey, publicKey } = newKeys();
    this.own = { name, privateKey };
    this.cert = certificate(this.own, { name, publicKey, until: FAR, extension: IS_AUTHORITY });
  }

  /** @param expired gives one that was good once */
  issue(host: string, { expired = false } = {}): Certificate {
    const { privateKey, publicKey } = newKeys();
    const extension = alternativeName(host);
    const subject = { name: host, publicKey, until: expired ? PAST : FAR, extension };
    return {
      key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
      cert: certificate(this.own, subject),
    };
  }
}

interface Subject {
  name: string;
  publicKey: KeyObject;
  until: string;
  extension: Buffer;
}

const FROM = '200101000000Z';
const PAST = '200201000000Z';
const FAR = '491231235959Z';

/** Tags of DER (X.690). */
const [INTEGER, BITS, OCTETS, OID, UTF8, SEQUENCE, SET, TIME] = [2, 3, 4, 6, 12, 0x30, 0x31, 0x17];
const [VERSION, EXTENSIONS, DNS_NAME] = [0xa0, 0xa3, 0x82];

const ECDSA_WITH_SHA256 = sequence(der(OID, Buffer.from('2a8648ce3d040302', 'hex')));
const COMMON_NAME = der(OID, Buffer.from('550403', 'hex'));
const IS_AUTHORITY = extensionOf('551d13', sequence(der(1, Buffer.from([0xff]))));

function alternativeName(host: string): Buffer {
  return extensionOf('551d11', sequence(der(DNS_NAME, Buffer.from(host))));
}

function certificate(issuer: Identity, { name, publicKey, until, extension }: Subject): string {
  const signed = sequence(
    der(VERSION, der(INTEGER, Buffer.from([2]))),
    der(INTEGER, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    ECDSA_WITH_SHA256,
    nameOf(issuer.name),
    sequence(...[FROM, until].map((time) => der(TIME, Buffer.from(time)))),
    nameOf(name),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(EXTENSIONS, sequence(extension)),
  );
  const signature = Buffer.concat([Buffer.from([0]), sign('sha256', signed, issuer.privateKey)]);
  const bytes = sequence(signed, ECDSA_WITH_SHA256, der(BITS, signature));
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

function newKeys() {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

function nameOf(text: string): Buffer {
  return sequence(der(SET, sequence(COMMON_NAME, der(UTF8, Buffer.from(text)))));
}

function extensionOf(oid: string, value: Buffer): Buffer {
  return sequence(der(OID, Buffer.from(oid, 'hex')), der(OCTETS, value));
}

function sequence(...parts: Buffer[]): Buffer {
  return der(SEQUENCE, ...parts);
}

function der(tag: number, ...parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}
