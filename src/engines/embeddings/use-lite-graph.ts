import { OnnxGraph, type Value } from './onnx-graph.js';
import type { UseLiteWeights, Weight } from './use-lite-weights.js';

/** Numbers per vector. */
export const DIMENSION = 512;
/** Longest input that the model was trained on; it ignores what follows. */
export const MAX_TOKENS = 128;

const HEADS = 4;
const LAYER_NORM_EPSILON = 1e-6;
/** Added to the attention of padding, so that softmax gives it nothing. */
const MASKED = -1e9;

/**
 * Universal Sentence Encoder lite as an ONNX model: token embeddings plus timing, two pre-norm transformer layers,
 * mean over tokens, tanh layer, unit length. Source: Cer et al., "Universal Sentence Encoder", 2018, and the node
 * names of the graph in the weights' package.
 *
 * Inputs `input_ids` and `attention_mask` (1 for a token, 0 for padding), int64 of batch x tokens;
 * output `embedding`, float32 of batch x {@link DIMENSION}.
 */
export function useLiteModel(weights: UseLiteWeights): Uint8Array {
  return new UseLiteGraph(weights).toBytes();
}

class UseLiteGraph {
  private readonly graph = new OnnxGraph();

  constructor(private readonly weights: UseLiteWeights) {}

  toBytes(): Uint8Array {
    const ids = this.graph.input('input_ids', 'int64', ['batch', 'tokens']);
    const mask = this.graph.cast(this.graph.input('attention_mask', 'int64', ['batch', 'tokens']));
    const tokenMask = this.graph.op('Unsqueeze', [mask, this.graph.ints(2)]);
    const attentionBias = this.attentionBias(mask);
    let state = this.embedTokens(ids, tokenMask);
    state = this.transformerLayer(0, 256, state, attentionBias);
    state = this.transformerLayer(1, 512, state, attentionBias);
    const sentence = this.tanhLayer(this.meanOverTokens(state, mask, tokenMask));
    this.graph.output('embedding', this.unitLength(sentence), ['batch', DIMENSION]);
    return this.graph.toBytes();
  }

  /** batch x 1 x 1 x tokens: zero where there is a token. */
  private attentionBias(mask: Value): Value {
    const padding = this.graph.op('Sub', [this.graph.scalar(1), mask]);
    const bias = this.graph.op('Mul', [padding, this.graph.scalar(MASKED)]);
    return this.graph.op('Unsqueeze', [bias, this.graph.ints(1, 2)]);
  }

  /** The original graph adds the timed embedding to the plain one, hence the two. */
  private embedTokens(ids: Value, tokenMask: Value): Value {
    const looked = this.graph.op('Gather', [this.weight(this.weights.find('Embeddings_en')), ids]);
    const tokens = this.graph.op('Mul', [looked, tokenMask]);
    const doubled = this.graph.op('Add', [tokens, tokens]);
    return this.graph.op('Add', [doubled, this.timing(ids)]);
  }

  /** tokens x 256: sines and cosines of the position, at the model's own frequencies. */
  private timing(ids: Value): Value {
    const length = this.graph.op('Gather', [this.graph.op('Shape', [ids]), this.graph.int(1)]);
    const positions = this.graph.op('Range', [this.graph.int(0), length, this.graph.int(1)]);
    const column = this.graph.op('Unsqueeze', [this.graph.cast(positions), this.graph.ints(1)]);
    const angles = this.graph.op('Mul', [
      column,
      this.weight(this.weights.find('TimingSignal/ExpandDims_1')),
    ]);
    const waves = [this.graph.op('Sin', [angles]), this.graph.op('Cos', [angles])];
    return this.graph.op('Concat', waves, { axis: { int: 1 } });
  }

  /** Only the first layer widens its residual, from 256 to 512. */
  private transformerLayer(layer: number, width: number, state: Value, bias: Value): Value {
    const scope = `Layer_${layer}/TransformerLayer/`;
    const attended = this.attention(
      scope,
      width,
      this.layerNorm(`${scope}layer_prepostprocess/`, state),
      bias,
    );
    const residual =
      width === DIMENSION ? state : this.linear(state, this.affine(`${scope}dense/`, [width, DIMENSION]));
    const middle = this.graph.op('Add', [attended, residual]);
    const normed = this.layerNorm(`${scope}FFN/layer_prepostprocess/`, middle);
    const hidden = this.graph.op('Relu', [this.linear(normed, this.feedForward(layer, 'conv1'))]);
    return this.graph.op('Add', [this.linear(hidden, this.feedForward(layer, 'conv2')), middle]);
  }

  private attention(scope: string, width: number, state: Value, bias: Value): Value {
    const projected = this.linear(state, this.affine(`${scope}MultiheadAttention/qkv`, [width, 3 * width]));
    const [query, key, value] = this.graph.split(projected, 2, [width, width, width]) as [
      Value,
      Value,
      Value,
    ];
    const scale = this.graph.scalar(1 / Math.sqrt(width / HEADS));
    const scaled = this.graph.op('Mul', [this.splitHeads(query, width, [0, 2, 1, 3]), scale]);
    const scores = this.graph.op('MatMul', [scaled, this.splitHeads(key, width, [0, 2, 3, 1])]);
    const shares = this.graph.op('Softmax', [this.graph.op('Add', [scores, bias])], { axis: { int: -1 } });
    const mixed = this.graph.op('MatMul', [shares, this.splitHeads(value, width, [0, 2, 1, 3])]);
    const joined = this.graph.op('Transpose', [mixed], { perm: { ints: [0, 2, 1, 3] } });
    const flat = this.graph.op('Reshape', [joined, this.graph.ints(0, 0, width)]);
    return this.linear(flat, this.affine(`${scope}MultiheadAttention/output`, [width, DIMENSION]));
  }

  private splitHeads(value: Value, width: number, perm: readonly number[]): Value {
    const heads = this.graph.op('Reshape', [value, this.graph.ints(0, 0, HEADS, width / HEADS)]);
    return this.graph.op('Transpose', [heads], { perm: { ints: perm } });
  }

  private layerNorm(scope: string, state: Value): Value {
    const scale = this.weight(this.weights.find(scope, 'layer_norm_scale'));
    const bias = this.weight(this.weights.find(scope, 'layer_norm_bias'));
    return this.graph.op('LayerNormalization', [state, scale, bias], {
      axis: { int: -1 },
      epsilon: { float: LAYER_NORM_EPSILON },
    });
  }

  private meanOverTokens(state: Value, mask: Value, tokenMask: Value): Value {
    const masked = this.graph.op('Mul', [state, tokenMask]);
    const sum = this.graph.op('ReduceSum', [masked, this.graph.ints(1)], { keepdims: { int: 0 } });
    const tokens = this.graph.op('ReduceSum', [mask, this.graph.ints(1)], { keepdims: { int: 1 } });
    return this.graph.op('Div', [sum, this.graph.op('Max', [tokens, this.graph.scalar(1)])]);
  }

  private tanhLayer(sentence: Value): Value {
    const kernel = this.weight(this.weights.find('tanh_layer_0/weights'));
    const bias = this.weight(this.weights.find('tanh_layer_0/bias'));
    return this.graph.op('Tanh', [this.linear(sentence, { kernel, bias })]);
  }

  private unitLength(sentence: Value): Value {
    const squares = this.graph.op('Mul', [sentence, sentence]);
    const sum = this.graph.op('ReduceSum', [squares, this.graph.ints(1)], { keepdims: { int: 1 } });
    const length = this.graph.op('Sqrt', [this.graph.op('Max', [sum, this.graph.scalar(1e-12)])]);
    return this.graph.op('Div', [sentence, length]);
  }

  private linear(input: Value, { kernel, bias }: { kernel: Value; bias: Value }): Value {
    return this.graph.op('Add', [this.graph.op('MatMul', [input, kernel]), bias]);
  }

  private affine(scope: string, shape: readonly number[]): { kernel: Value; bias: Value } {
    return {
      kernel: this.weight(this.weights.find(scope, '/kernel'), shape),
      bias: this.weight(this.weights.find(scope, '/bias')),
    };
  }

  private feedForward(layer: number, name: string): { kernel: Value; bias: Value } {
    return {
      kernel: this.weight(
        this.weights.find(`Layer_${layer}/TransformerLayer/FFN/${name}/Tensordot/Reshape_1`),
      ),
      bias: this.weight(this.weights.find(`Layer_${layer}/TransformerLayer/FFN/${name}/bias`)),
    };
  }

  private weight({ data, shape }: Weight, as: readonly number[] = shape): Value {
    return this.graph.floats(data, as);
  }
}
