import { crc32, deflateRawSync } from 'node:zlib';

const VERSION = 20;
const DEFLATED = 8;
/** 1 January 2026, so that the same files give the same bytes. */
const DOS_DATE = ((2026 - 1980) << 9) | (1 << 5) | 1;

/** A ZIP archive (APPNOTE 6.3) of text files, by name. */
export function zip(files) {
  const bodies = [];
  const directory = [];
  let offset = 0;
  for (const [name, text] of Object.entries(files)) {
    const data = Buffer.from(text);
    const packed = deflateRawSync(data);
    const facts = Buffer.alloc(26);
    facts.writeUInt16LE(VERSION, 0);
    facts.writeUInt16LE(DEFLATED, 4);
    facts.writeUInt16LE(DOS_DATE, 8);
    facts.writeUInt32LE(crc32(data), 10);
    facts.writeUInt32LE(packed.length, 14);
    facts.writeUInt32LE(data.length, 18);
    facts.writeUInt16LE(Buffer.byteLength(name), 22);
    const place = Buffer.alloc(14);
    place.writeUInt32LE(offset, 10);
    const body = Buffer.concat([Buffer.from('PK\x03\x04'), facts, Buffer.from(name), packed]);
    bodies.push(body);
    directory.push(Buffer.from('PK\x01\x02'), Buffer.from([VERSION, 0]), facts, place, Buffer.from(name));
    offset += body.length;
  }
  const entries = Buffer.concat(directory);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(bodies.length, 4);
  end.writeUInt16LE(bodies.length, 6);
  end.writeUInt32LE(entries.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...bodies, entries, Buffer.from('PK\x05\x06'), end]);
}

/** Another program's archive with our date in place of the time at which it was made. */
export function dated(archive) {
  const bytes = Buffer.from(archive);
  const end = bytes.lastIndexOf('PK\x05\x06');
  let entry = bytes.readUInt32LE(end + 16);
  for (let left = bytes.readUInt16LE(end + 10); left > 0; left -= 1) {
    const body = bytes.readUInt32LE(entry + 42);
    for (const time of [entry + 12, body + 10]) bytes.writeUInt32LE(DOS_DATE * 2 ** 16, time);
    const [name, extra, comment] = [28, 30, 32].map((field) => bytes.readUInt16LE(entry + field));
    entry += 46 + name + extra + comment;
  }
  return bytes;
}
