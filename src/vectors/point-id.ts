import { createHash } from 'node:crypto';

/** Of our own; any other would do, but never another one again. */
const NAMESPACE = '5f0c1b1e-6b1d-4b6f-9d43-5f6f1d2c8a70';

/** A UUID version 5 (RFC 9562, 5.5): the same name in the same namespace gives the same id, for ever. */
export function uuidV5(name: string, namespace: string = NAMESPACE): string {
  const space = Buffer.from(namespace.replaceAll('-', ''), 'hex');
  const bytes = createHash('sha1').update(space).update(name).digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x50, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** Written twice, a point is the same point; another generation of it is another point. */
export function pointId(parts: {
  collection: string;
  tenantId: string;
  source: string;
  id: string;
  generation: string;
}): string {
  return uuidV5(JSON.stringify([parts.collection, parts.tenantId, parts.source, parts.id, parts.generation]));
}
