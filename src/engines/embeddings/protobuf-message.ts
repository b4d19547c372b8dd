const VARINT = 0;
const LENGTH_DELIMITED = 2;
const FIXED_32 = 5;

const text = new TextEncoder();

/**
 * A protobuf message under construction. The pieces are joined once, at the end, so that nesting a message with
 * megabytes of weights copies nothing. Source: protobuf.dev, "Encoding".
 */
export class ProtobufMessage {
  private readonly pieces: Uint8Array[] = [];
  private length = 0;

  int(field: number, value: number): this {
    return this.push(key(field, VARINT), varint(value));
  }

  float(field: number, value: number): this {
    return this.push(key(field, FIXED_32), new Uint8Array(Float32Array.of(value).buffer));
  }

  string(field: number, value: string): this {
    return this.bytes(field, text.encode(value));
  }

  bytes(field: number, value: Uint8Array): this {
    return this.push(key(field, LENGTH_DELIMITED), varint(value.byteLength), value);
  }

  message(field: number, value: ProtobufMessage): this {
    return this.push(key(field, LENGTH_DELIMITED), varint(value.length), ...value.pieces);
  }

  messages(field: number, values: readonly ProtobufMessage[]): this {
    for (const value of values) this.message(field, value);
    return this;
  }

  toBytes(): Uint8Array {
    const joined = new Uint8Array(this.length);
    let at = 0;
    for (const piece of this.pieces) {
      joined.set(piece, at);
      at += piece.byteLength;
    }
    return joined;
  }

  private push(...pieces: Uint8Array[]): this {
    for (const piece of pieces) {
      this.pieces.push(piece);
      this.length += piece.byteLength;
    }
    return this;
  }
}

function key(field: number, wireType: number): Uint8Array {
  return varint((field << 3) | wireType);
}

/** Base 128, low group first; a negative number takes ten bytes as its 64-bit two's complement. */
function varint(value: number): Uint8Array {
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  return Uint8Array.of(...bytes, Number(rest));
}
