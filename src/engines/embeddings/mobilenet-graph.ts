import { OnnxGraph, type Value } from './onnx-graph.js';
import type { Layer, LayerWeight, MobilenetWeights } from './mobilenet-weights.js';

/** Keras' constant of these batch normalisations. */
const EPSILON = 1e-3;
const RELU_6 = [0, 6] as const;

/** Layers whose outputs describe a picture: what is in it, and what it is made of. */
const SUBJECT = { layer: 'block_15_add', channels: 160 } as const;
const TEXTURE = { layer: 'block_10_expand_relu', channels: 384 } as const;
/** The exponent of the generalised mean: between the mean (1) and the strongest (infinity). */
const GEM = 3;

/** Numbers of each output. */
export const SUBJECT_LENGTH = SUBJECT.channels;
export const TEXTURE_LENGTH = TEXTURE.channels;
/** The names of the five classes that the network was trained to tell apart are of no use here. */
const CLASSES = 5;

/**
 * MobileNetV2 as an ONNX model, from its layers as Keras wrote them down, with each batch normalisation folded into the
 * convolution before it. Source: Sandler et al., "MobileNetV2", 2018; for the generalised mean, Radenović et al.,
 * "Fine-tuning CNN image retrieval", 2018.
 *
 * Input `pictures`, uint8 of batch x height x width x 3 (RGB, square, a multiple of 32). Outputs `subject`, float32 of
 * batch x {@link SUBJECT_LENGTH}, the mean of a late layer; `texture`, float32 of batch x {@link TEXTURE_LENGTH}, the
 * generalised mean of a middle one.
 */
export function mobilenetModel(weights: MobilenetWeights): Uint8Array {
  const network = new MobilenetGraph(weights);
  network.addLayers(SUBJECT.layer);
  network.output('texture', network.generalisedMean(TEXTURE.layer), TEXTURE.channels);
  network.output('subject', network.mean(SUBJECT.layer), SUBJECT.channels);
  return network.toBytes();
}

/**
 * The whole network to its last layer, for pictures of 224 x 224: output `probabilities`, float32 of batch x 5. Only to
 * prove that the conversion is right.
 */
export function mobilenetClassifier(weights: MobilenetWeights): Uint8Array {
  const network = new MobilenetGraph(weights);
  const last = weights.layers[weights.layers.length - 1].name;
  network.addLayers(last);
  network.output('probabilities', network.value(last), CLASSES);
  return network.toBytes();
}

/** One ONNX node, or none, per layer: what pads or normalises melts into the convolution that it belongs to. */
class MobilenetGraph {
  private readonly graph = new OnnxGraph();
  private readonly values = new Map<string, Value>();
  /** Paddings that wait for the convolution that follows. */
  private readonly pads = new Map<string, readonly number[]>();

  constructor(private readonly weights: MobilenetWeights) {}

  /** Adds the layers from the first to the one of this name. */
  addLayers(last: string): void {
    const { layers } = this.weights;
    const end = layers.findIndex(({ name }) => name === last);
    for (const [at, layer] of layers.slice(0, end + 1).entries()) this.add(layer, layers[at + 1]);
  }

  value(layer: string): Value {
    const value = this.values.get(layer);
    if (!value) throw new Error(`the layer ${layer} has no value`);
    return value;
  }

  mean(layer: string): Value {
    return this.meanOverPlaces(this.value(layer));
  }

  generalisedMean(layer: string): Value {
    const powers = this.graph.op('Pow', [this.value(layer), this.graph.scalar(GEM)]);
    return this.graph.op('Pow', [this.meanOverPlaces(powers), this.graph.scalar(1 / GEM)]);
  }

  output(name: string, value: Value, length: number): void {
    this.graph.output(name, value, ['batch', length]);
  }

  toBytes(): Uint8Array {
    return this.graph.toBytes();
  }

  private meanOverPlaces(value: Value): Value {
    return this.graph.op('ReduceMean', [value], { axes: { ints: [2, 3] }, keepdims: { int: 0 } });
  }

  private add(layer: Layer, next: Layer | undefined): void {
    const value = this.valueOf(layer, next);
    this.values.set(layer.name, value);
  }

  private valueOf(layer: Layer, next: Layer | undefined): Value {
    const inputs = (layer.inbound_nodes[0] ?? []).map(([name]) => this.value(name));
    switch (layer.class_name) {
      case 'InputLayer':
        return this.input();
      case 'ZeroPadding2D':
        this.pads.set(inputs[0], padsOf(layer.config.padding));
        return inputs[0];
      case 'Conv2D':
      case 'DepthwiseConv2D':
        return this.convolution(layer, next, inputs[0]);
      case 'BatchNormalization':
      case 'Dropout':
        return inputs[0];
      case 'ReLU':
        return this.graph.op('Clip', [inputs[0], ...RELU_6.map((bound) => this.graph.scalar(bound))]);
      case 'Add':
        return this.graph.op('Add', inputs);
      case 'AveragePooling2D':
        return this.meanOverPlaces(inputs[0]);
      case 'Flatten':
        return inputs[0];
      case 'Dense':
        return this.dense(layer, inputs[0]);
      default:
        throw new Error(`the layer ${layer.name} is a ${layer.class_name}, which is not known`);
    }
  }

  /** Channels first, 0 to 1. */
  private input(): Value {
    const pictures = this.graph.input('pictures', 'uint8', ['batch', 'height', 'width', 3]);
    const planes = this.graph.op('Transpose', [this.graph.cast(pictures)], { perm: { ints: [0, 3, 1, 2] } });
    return this.graph.op('Mul', [planes, this.graph.scalar(1 / 255)]);
  }

  private convolution(layer: Layer, next: Layer | undefined, input: Value): Value {
    const isDepthwise = layer.class_name === 'DepthwiseConv2D';
    const { data, shape } = this.weights.find(`${layer.name}/${isDepthwise ? 'depthwise_kernel' : 'kernel'}`);
    const [height, width, inward, outward] = shape as [number, number, number, number];
    const kernel = isDepthwise
      ? outputsFirst({ data, shape: [height, width, 1, inward] })
      : outputsFirst({ data, shape });
    const outputs = isDepthwise ? inward : outward;
    if (next?.class_name !== 'BatchNormalization') throw new Error(`${layer.name} is not normalised`);
    const bias = this.foldNormalisation(next.name, kernel, outputs);
    const inputs = [
      input,
      this.graph.floats(kernel, [outputs, isDepthwise ? 1 : inward, height, width]),
      this.graph.floats(bias, [outputs]),
    ];
    return this.graph.op('Conv', inputs, {
      strides: { ints: layer.config.strides ?? [1, 1] },
      pads: { ints: this.padsFor(layer, input, height) },
      group: { int: isDepthwise ? inward : 1 },
    });
  }

  private padsFor({ config }: Layer, input: Value, kernelHeight: number): readonly number[] {
    const waiting = this.pads.get(input);
    if (config.padding === 'valid') return waiting ?? [0, 0, 0, 0];
    const around = (kernelHeight - 1) / 2;
    return [around, around, around, around];
  }

  /** Scales the kernel in place; returns the bias that is left. */
  private foldNormalisation(name: string, kernel: Float32Array, outputs: number): Float32Array {
    const part = (what: string) => this.weights.find(`${name}/${what}`).data;
    const [gamma, beta, mean, variance] = ['gamma', 'beta', 'moving_mean', 'moving_variance'].map(part);
    const size = kernel.length / outputs;
    const bias = new Float32Array(outputs);
    for (let output = 0; output < outputs; output += 1) {
      const scale = gamma[output] / Math.sqrt(variance[output] + EPSILON);
      bias[output] = beta[output] - mean[output] * scale;
      for (let at = output * size; at < (output + 1) * size; at += 1) kernel[at] *= scale;
    }
    return bias;
  }

  private dense({ name, config }: Layer, input: Value): Value {
    const kernel = this.weights.find(`${name}/kernel`);
    const bias = this.weights.find(`${name}/bias`);
    const product = this.graph.op('MatMul', [input, this.graph.floats(kernel.data, kernel.shape)]);
    const sum = this.graph.op('Add', [product, this.graph.floats(bias.data, bias.shape)]);
    return config.activation === 'softmax'
      ? this.graph.op('Softmax', [sum], { axis: { int: -1 } })
      : this.graph.op('Relu', [sum]);
  }
}

/** ONNX wants top, left, bottom, right. */
function padsOf(padding: Layer['config']['padding']): readonly number[] {
  const [[top, bottom], [left, right]] = padding as [[number, number], [number, number]];
  return [top, left, bottom, right];
}

/** A kernel of height x width x inputs x outputs in the order outputs, inputs, height, width. */
export function outputsFirst({ data, shape }: LayerWeight): Float32Array {
  const [height, width, inputs, outputs] = shape;
  const turned = new Float32Array(data.length);
  const places = height * width;
  for (let place = 0; place < places; place += 1) {
    for (let input = 0; input < inputs; input += 1) {
      for (let output = 0; output < outputs; output += 1) {
        turned[(output * inputs + input) * places + place] =
          data[(place * inputs + input) * outputs + output];
      }
    }
  }
  return turned;
}
