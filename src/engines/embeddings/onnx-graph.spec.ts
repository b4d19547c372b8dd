import { InferenceSession, Tensor } from 'onnxruntime-node';
import { expect, it } from 'vitest';
import { OnnxGraph } from './onnx-graph.js';

it('writes a model that onnxruntime loads and runs', async () => {
  const graph = new OnnxGraph();
  const input = graph.input('x', 'float32', ['rows', 4]);
  const [left, right] = graph.split(input, 1, [2, 2]);
  const product = graph.op('MatMul', [left, graph.floats(Float32Array.of(1, 2, 3, 4), [2, 2])]);
  const sum = graph.op('Add', [product, graph.op('Transpose', [right], { perm: { ints: [0, 1] } })]);
  graph.output('y', graph.op('LeakyRelu', [sum], { alpha: { float: 0.5 } }), ['rows', 2]);

  const session = await InferenceSession.create(graph.toBytes());
  const { y } = await session.run({ x: new Tensor('float32', [1, 1, 10, 20, 0, -2, 0, 0], [2, 4]) });

  expect(y.dims).toEqual([2, 2]);
  expect([...(y.data as Float32Array)]).toEqual([14, 26, -3, -4]);
});
