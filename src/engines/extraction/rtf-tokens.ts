/** What an RTF file is made of (RTF 1.9.1, syntax): groups, control words, and the bytes between them. */
export type RtfToken =
  | { kind: 'open' | 'close' }
  | { kind: 'word'; name: string; value: number | undefined }
  /** `\~`, `\*`, a line end after a backslash, … */
  | { kind: 'symbol'; symbol: string }
  /** Of text, in the code page of its font; line ends among them mean nothing. `escaped`: one byte, written `\'hh`. */
  | { kind: 'bytes'; bytes: Buffer; escaped: boolean };

const [OPEN, CLOSE, BACKSLASH] = [0x7b, 0x7d, 0x5c];
const LITERALS = '\\{}';
const MAX_WORD_LENGTH = 40;

/** Reads token by token, without a copy and without a stack; data of `\binN` is stepped over. */
export function* rtfTokens(file: Buffer): Generator<RtfToken> {
  let at = file.indexOf(OPEN);
  while (at >= 0 && at < file.length) {
    const byte = file[at];
    if (byte === OPEN || byte === CLOSE) {
      at += 1;
      yield { kind: byte === OPEN ? 'open' : 'close' };
    } else if (byte === BACKSLASH) {
      const { token, end } = controlAt(file, at + 1);
      at = token.kind === 'word' && token.name === 'bin' ? end + Math.max(token.value ?? 0, 0) : end;
      yield token;
    } else {
      const end = endOfText(file, at);
      yield { kind: 'bytes', bytes: file.subarray(at, end), escaped: false };
      at = end;
    }
  }
}

function endOfText(file: Buffer, from: number): number {
  let at = from;
  while (at < file.length && file[at] !== OPEN && file[at] !== CLOSE && file[at] !== BACKSLASH) at += 1;
  return at;
}

function controlAt(file: Buffer, at: number): { token: RtfToken; end: number } {
  const word = /^([A-Za-z]+)(-?\d{1,10})?( ?)/.exec(file.toString('latin1', at, at + MAX_WORD_LENGTH));
  if (word) {
    const [whole, name = '', digits] = word;
    return {
      token: { kind: 'word', name, value: digits === undefined ? undefined : Number(digits) },
      end: at + whole.length,
    };
  }
  const symbol = file.toString('latin1', at, at + 1);
  if (symbol === "'") {
    const code = Number.parseInt(file.toString('latin1', at + 1, at + 3), 16);
    return { token: { kind: 'bytes', bytes: Buffer.from([code || 0x20]), escaped: true }, end: at + 3 };
  }
  if (LITERALS.includes(symbol)) {
    return { token: { kind: 'bytes', bytes: file.subarray(at, at + 1), escaped: true }, end: at + 1 };
  }
  return { token: { kind: 'symbol', symbol }, end: at + 1 };
}
