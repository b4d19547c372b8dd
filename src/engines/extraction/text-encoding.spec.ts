import { expect, it } from 'vitest';
import { decodeText, isTextual } from './text-encoding.js';

const bytes = (...values: number[]) => Uint8Array.from(values);

it('reads by byte order mark', () => {
  expect(decodeText(Buffer.from('\ufeffTür', 'utf8'))).toEqual({ text: 'Tür' });
  expect(decodeText(Buffer.from('\ufeffTür', 'utf16le'))).toEqual({ text: 'Tür' });
  expect(decodeText(bytes(0xfe, 0xff, 0x00, 0x41, 0x20, 0xac))).toEqual({ text: 'A€' });
});

it('reads valid UTF-8 without a doubt', () => {
  expect(decodeText(Buffer.from('naïve 東京 😀'))).toEqual({ text: 'naïve 東京 😀' });
});

it('reads other bytes as Windows-1252 and says so', () => {
  const { text, doubt } = decodeText(Buffer.from('Tür \x80 20', 'latin1'));
  expect(text).toBe('Tür € 20');
  expect(doubt).toContain('Windows-1252');
});

it('keeps UTF-8 that is broken in one place, and says so', () => {
  const { text, doubt } = decodeText(
    Buffer.concat([Buffer.from('Tür für Tür '), bytes(0xff), Buffer.from(' ö')]),
  );
  expect(text).toBe('Tür für Tür \ufffd ö');
  expect(doubt).toContain('UTF-8');
});

it('believes the encoding that HTML or XML declares, unless nobody knows it', () => {
  const japanese = bytes(0x93, 0x8c, 0x8b, 0x9e);
  const html = Buffer.concat([Buffer.from('<html><meta charset="Shift_JIS">'), japanese]);
  expect(decodeText(html).text).toContain('東京');
  const unknown = Buffer.concat([Buffer.from('<meta charset=klingon>'), Buffer.from('Tür', 'latin1')]);
  expect(decodeText(unknown).text).toContain('Tür');
});

it('tells text from other bytes', () => {
  expect(
    isTextual(Buffer.from('Words\twith\r\na NUL \0 among many others, as some programs write them')),
  ).toBe(true);
  expect(isTextual(Buffer.from('Alt: Tür', 'latin1'))).toBe(true);
  expect(isTextual(Buffer.from('\ufeffwide', 'utf16le'))).toBe(true);
  expect(isTextual(Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'))).toBe(false);
  expect(isTextual(Buffer.alloc(100))).toBe(false);
});
