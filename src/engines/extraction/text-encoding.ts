import { isUtf8 } from 'node:buffer';

export interface DecodedText {
  text: string;
  /** The encoding was guessed, or broken in places. */
  doubt?: string;
}

export type Decoder = InstanceType<typeof TextDecoder>;

/** Control bytes that files of text use: tab, line ends, form feed, escape. */
const TEXT_CONTROLS = new Set([0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x1b]);
/** What stands at 0x80 to 0x9f; five places are control characters there too. */
const WINDOWS_1252 = '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ';
const DECLARATION_BYTES = 4_096;

/** Whether bytes can be meant as text: valid UTF-8 with few control bytes, or an 8-bit encoding with next to none. */
export function isTextual(bytes: Uint8Array): boolean {
  if (byteOrderMark(bytes)) return true;
  let controls = 0;
  for (const byte of bytes) if (byte < 0x20 && !TEXT_CONTROLS.has(byte)) controls += 1;
  return controls <= bytes.length * (isUtf8(bytes) ? 0.1 : 0.001);
}

/**
 * Decodes by byte order mark, else as UTF-8 when valid, else by the encoding that HTML or XML declares, else as UTF-8
 * with broken places when most of it is sound, else as Windows-1252, the superset of Latin-1 that is meant in practice.
 */
export function decodeText(bytes: Uint8Array): DecodedText {
  const mark = byteOrderMark(bytes);
  if (mark) return { text: new TextDecoder(mark).decode(bytes) };
  if (isUtf8(bytes)) return { text: new TextDecoder('utf-8').decode(bytes) };
  const declared = declaredDecoder(bytes);
  if (declared) return { text: decodeAs(declared, bytes) };
  const lenient = new TextDecoder('utf-8').decode(bytes);
  if (mostlySound(lenient))
    return { text: lenient, doubt: 'Some bytes are not valid UTF-8; they became U+FFFD.' };
  return {
    text: decodeAs(new TextDecoder('windows-1252'), bytes),
    doubt: 'The encoding is not stated; the text was read as Windows-1252.',
  };
}

export function decodeAs(decoder: Decoder, bytes: Uint8Array): string {
  const text = decoder.decode(bytes);
  return decoder.encoding === 'windows-1252' ? withoutControls(text) : text;
}

/** Node 20 decodes Windows-1252 as Latin-1, which has control characters where the other has quotes and dashes. */
export function withoutControls(text: string): string {
  return text.replace(/[\x80-\x9f]/g, (control) => WINDOWS_1252.charAt(control.charCodeAt(0) - 0x80));
}

function byteOrderMark(bytes: Uint8Array): string | undefined {
  const [first, second, third] = bytes;
  if (first === 0xef && second === 0xbb && third === 0xbf) return 'utf-8';
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  if (first === 0xfe && second === 0xff) return 'utf-16be';
  return undefined;
}

function declaredDecoder(bytes: Uint8Array): Decoder | undefined {
  const head = Buffer.from(bytes.subarray(0, DECLARATION_BYTES)).toString('latin1');
  const label = /<(?:meta|\?xml)[^>]{0,200}?(?:charset|encoding)\s*=\s*["']?([\w.:-]{2,40})/i.exec(head)?.[1];
  try {
    return label ? new TextDecoder(label) : undefined;
  } catch {
    return undefined;
  }
}

function mostlySound(text: string): boolean {
  const broken = text.match(/\uFFFD/g)?.length ?? 0;
  const sound = text.match(/[^\0-\x7f\uFFFD]/gu)?.length ?? 0;
  return sound > broken;
}
