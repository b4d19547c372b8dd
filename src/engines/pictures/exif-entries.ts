/** A value of a directory: text, or numbers. */
export type ExifValue = string | readonly number[];

/** A directory holds few entries; more is somebody's joke. */
const MAX_ENTRIES = 200;
const MAX_VALUES = 64;
const MAX_TEXT = 1_000;
const ENTRY_BYTES = 12;

type Reader = (view: DataView, at: number, littleEndian: boolean) => number;

const TEXT = 2;
/** Size and reading of each type of number. Source: Exif 2.32, section 4.6.2. */
const NUMBERS: Readonly<Record<number, readonly [number, Reader]>> = {
  1: [1, (view, at) => view.getUint8(at)],
  3: [2, (view, at, little) => view.getUint16(at, little)],
  4: [4, (view, at, little) => view.getUint32(at, little)],
  5: [8, (view, at, little) => view.getUint32(at, little) / view.getUint32(at + 4, little)],
  9: [4, (view, at, little) => view.getInt32(at, little)],
  10: [8, (view, at, little) => view.getInt32(at, little) / view.getInt32(at + 4, little)],
};

/** The directories of an Exif block, read as far as they can be: what lies outside of it is not there. */
export class ExifEntries {
  private readonly view: DataView;
  private readonly littleEndian: boolean;

  /** @param block with or without the mark `Exif\0\0` before the TIFF header */
  constructor(private readonly block: Buffer) {
    const start = block.toString('latin1', 0, 6) === 'Exif\0\0' ? 6 : 0;
    this.block = block.subarray(start);
    this.view = new DataView(this.block.buffer, this.block.byteOffset, this.block.length);
    this.littleEndian = this.block.toString('latin1', 0, 2) === 'II';
  }

  /** The main directory. */
  main(): ReadonlyMap<number, ExifValue> {
    return this.block.length < 8 ? new Map() : this.directory(this.view.getUint32(4, this.littleEndian));
  }

  /** The entries of the directory at this offset by their tags. */
  directory(offset: number | undefined): ReadonlyMap<number, ExifValue> {
    const entries = new Map<number, ExifValue>();
    if (offset === undefined || offset < 8 || offset + 2 > this.block.length) return entries;
    const count = Math.min(MAX_ENTRIES, this.view.getUint16(offset, this.littleEndian));
    for (let at = offset + 2; at < offset + 2 + count * ENTRY_BYTES; at += ENTRY_BYTES) {
      if (at + ENTRY_BYTES > this.block.length) break;
      const value = this.value(at);
      if (value !== null) entries.set(this.view.getUint16(at, this.littleEndian), value);
    }
    return entries;
  }

  private value(entry: number): ExifValue | null {
    const type = this.view.getUint16(entry + 2, this.littleEndian);
    const count = this.view.getUint32(entry + 4, this.littleEndian);
    const [size, read] = type === TEXT ? [1, null] : (NUMBERS[type] ?? [0, null]);
    if (size === 0 || count === 0) return null;
    const bytes = size * count;
    const start = bytes <= 4 ? entry + 8 : this.view.getUint32(entry + 8, this.littleEndian);
    if (start + bytes > this.block.length) return null;
    if (!read) return this.text(start, count);
    const values = Array.from({ length: Math.min(count, MAX_VALUES) }, (_, at) =>
      read(this.view, start + at * size, this.littleEndian),
    );
    return values.every(Number.isFinite) ? values : null;
  }

  private text(start: number, length: number): string {
    const bytes = this.block.subarray(start, start + Math.min(length, MAX_TEXT));
    return bytes
      .toString('utf8')
      .replace(/\0[^]*$/, '')
      .trim();
  }
}
