import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readExif } from './exif.js';

const [ASCII, LONG] = [2, 4];

/** A block with the main directory alone, low byte first. */
function block(entries: readonly (readonly [tag: number, type: number, value: string | number])[]): Buffer {
  const head = Buffer.from('II*\0\x08\0\0\0', 'latin1');
  const directory = Buffer.alloc(2 + entries.length * 12 + 4);
  directory.writeUInt16LE(entries.length, 0);
  const texts: Buffer[] = [];
  let textsAt = head.length + directory.length;
  entries.forEach(([tag, type, value], index) => {
    const at = 2 + index * 12;
    directory.writeUInt16LE(tag, at);
    directory.writeUInt16LE(type, at + 2);
    if (typeof value === 'number') {
      directory.writeUInt32LE(1, at + 4);
      directory.writeUInt32LE(value, at + 8);
      return;
    }
    const text = Buffer.from(`${value}\0`);
    directory.writeUInt32LE(text.length, at + 4);
    if (text.length > 4) directory.writeUInt32LE(textsAt, at + 8);
    else text.copy(directory, at + 8);
    if (text.length <= 4) return;
    texts.push(text);
    textsAt += text.length;
  });
  return Buffer.concat([head, directory, ...texts]);
}

describe('readExif', () => {
  it('reads texts, short and long, without control characters', () => {
    const bytes = block([
      [0x010f, ASCII, 'Mk'],
      [0x0110, ASCII, 'Camera\n1'],
    ]);
    expect(readExif(bytes).facts).toEqual({ make: 'Mk', model: 'Camera 1' });
    expect(readExif(Buffer.concat([Buffer.from('Exif\0\0'), bytes])).facts).toEqual({
      make: 'Mk',
      model: 'Camera 1',
    });
  });

  it('takes a time without a zone for UTC, and no time that never was', () => {
    const taken = (time: string) => readExif(block([[0x0132, ASCII, time]])).takenAt;
    expect(taken('2026:02:28 23:59:59')).toBe('2026-02-28T23:59:59.000Z');
    for (const time of [
      '2026:02:31 10:00:00',
      '0000:00:00 00:00:00',
      '2026:13:01 00:00:00',
      '    :  :     :  :  ',
      'now',
    ])
      expect(taken(time)).toBeUndefined();
  });

  it('is not led in circles or outside', () => {
    for (const offset of [8, 0, 7, 0xffffffff])
      expect(readExif(block([[0x8769, LONG, offset]]), { keepLocation: true }).facts).toEqual({});
  });

  it('survives every block', () => {
    const damaged = fc
      .tuple(
        fc.constantFrom(
          block([
            [0x010f, ASCII, 'A maker'],
            [0x8769, LONG, 8],
            [0x8825, LONG, 26],
          ]),
        ),
        fc.nat(90),
        fc.nat(255),
      )
      .map(([bytes, at, value]) => {
        const copy = Buffer.from(bytes);
        copy[at % copy.length] = value;
        return copy;
      });
    const anything = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes));
    fc.assert(
      fc.property(fc.oneof(damaged, anything), (bytes) => {
        expect(readExif(bytes, { keepLocation: true }).facts).toBeTypeOf('object');
      }),
      { numRuns: 500 },
    );
  });

  it('says nothing of a picture without one', () => {
    expect(readExif(undefined)).toEqual({ facts: {} });
  });
});
