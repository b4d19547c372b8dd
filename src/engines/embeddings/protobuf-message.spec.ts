import { expect, it } from 'vitest';
import { ProtobufMessage } from './protobuf-message.js';

const hex = (message: ProtobufMessage) => Buffer.from(message.toBytes()).toString('hex');

it('writes the examples of the encoding guide', () => {
  expect(hex(new ProtobufMessage().int(1, 150))).toBe('089601');
  expect(hex(new ProtobufMessage().string(2, 'testing'))).toBe('120774657374696e67');
  expect(hex(new ProtobufMessage().message(3, new ProtobufMessage().int(1, 150)))).toBe('1a03089601');
});

it('writes negative numbers as 64-bit two’s complement and floats as four bytes', () => {
  expect(hex(new ProtobufMessage().int(1, -1))).toBe('08ffffffffffffffffff01');
  expect(hex(new ProtobufMessage().float(2, 1))).toBe('150000803f');
});
