import { ProtobufMessage } from './protobuf-message.js';

const IR_VERSION = 8;
/** The first operator set with LayerNormalization. */
const OPSET = 17;

const ELEMENT_TYPE = { float32: 1, uint8: 2, int64: 7 } as const;
type ElementType = keyof typeof ELEMENT_TYPE;

const ATTRIBUTE_TYPE = { float: 1, int: 2, ints: 7 } as const;
type Attribute = { int: number } | { float: number } | { ints: readonly number[] };

/** The name of a value that flows through the graph. */
export type Value = string & { readonly __value: true };

/**
 * Writes an ONNX model by hand: nodes in the order in which they are called, weights inline, no dependency.
 * Field numbers are those of `onnx.proto`; operators and their attributes those of the ONNX operator reference.
 */
export class OnnxGraph {
  private readonly nodes: ProtobufMessage[] = [];
  private readonly initializers: ProtobufMessage[] = [];
  private readonly inputs: ProtobufMessage[] = [];
  private readonly outputs: ProtobufMessage[] = [];
  private values = 0;

  /** @param shape sizes, or names of sizes that are free at run time */
  input(name: string, type: ElementType, shape: readonly (number | string)[]): Value {
    this.inputs.push(valueInfo(name, type, shape));
    return name as Value;
  }

  output(name: string, value: Value, shape: readonly (number | string)[]): void {
    this.nodes.push(node('Identity', [value], [name]));
    this.outputs.push(valueInfo(name, 'float32', shape));
  }

  floats(data: Float32Array, shape: readonly number[]): Value {
    return this.initializer('float32', shape, data);
  }

  scalar(value: number): Value {
    return this.floats(Float32Array.of(value), []);
  }

  ints(...values: number[]): Value {
    return this.initializer('int64', [values.length], BigInt64Array.from(values, BigInt));
  }

  int(value: number): Value {
    return this.initializer('int64', [], BigInt64Array.of(BigInt(value)));
  }

  /** Adds a node with one output. */
  op(
    operator: string,
    inputs: readonly Value[],
    attributes: Readonly<Record<string, Attribute>> = {},
  ): Value {
    const output = this.newValue();
    this.nodes.push(node(operator, inputs, [output], attributes));
    return output;
  }

  /** Cuts the value along an axis into parts of the given sizes. */
  split(value: Value, axis: number, sizes: readonly number[]): Value[] {
    const parts = sizes.map(() => this.newValue());
    this.nodes.push(node('Split', [value, this.ints(...sizes)], parts, { axis: { int: axis } }));
    return parts;
  }

  /** Converts to 32-bit floats. */
  cast(value: Value): Value {
    return this.op('Cast', [value], { to: { int: ELEMENT_TYPE.float32 } });
  }

  /** The serialised ModelProto. */
  toBytes(): Uint8Array {
    const graph = new ProtobufMessage()
      .messages(1, this.nodes)
      .string(2, 'graph')
      .messages(5, this.initializers)
      .messages(11, this.inputs)
      .messages(12, this.outputs);
    return new ProtobufMessage()
      .int(1, IR_VERSION)
      .message(7, graph)
      .message(8, new ProtobufMessage().string(1, '').int(2, OPSET))
      .toBytes();
  }

  private initializer(
    type: ElementType,
    shape: readonly number[],
    data: Float32Array | BigInt64Array,
  ): Value {
    const name = this.newValue();
    const tensor = new ProtobufMessage();
    for (const size of shape) tensor.int(1, size);
    tensor.int(2, ELEMENT_TYPE[type]).string(8, name);
    tensor.bytes(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    this.initializers.push(tensor);
    return name;
  }

  private newValue(): Value {
    this.values += 1;
    return `v${this.values}` as Value;
  }
}

function node(
  operator: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: Readonly<Record<string, Attribute>> = {},
): ProtobufMessage {
  const message = new ProtobufMessage();
  for (const input of inputs) message.string(1, input);
  for (const output of outputs) message.string(2, output);
  message.string(4, operator);
  return message.messages(5, Object.entries(attributes).map(attributeMessage));
}

function attributeMessage([name, value]: [string, Attribute]): ProtobufMessage {
  const message = new ProtobufMessage().string(1, name);
  if ('int' in value) return message.int(3, value.int).int(20, ATTRIBUTE_TYPE.int);
  if ('float' in value) return message.float(2, value.float).int(20, ATTRIBUTE_TYPE.float);
  for (const item of value.ints) message.int(8, item);
  return message.int(20, ATTRIBUTE_TYPE.ints);
}

function valueInfo(name: string, type: ElementType, shape: readonly (number | string)[]): ProtobufMessage {
  const dimensions = shape.map((size) =>
    typeof size === 'string' ? new ProtobufMessage().string(2, size) : new ProtobufMessage().int(1, size),
  );
  const tensor = new ProtobufMessage()
    .int(1, ELEMENT_TYPE[type])
    .message(2, new ProtobufMessage().messages(1, dimensions));
  return new ProtobufMessage().string(1, name).message(2, new ProtobufMessage().message(1, tensor));
}
