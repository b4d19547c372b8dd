import { Fault } from '../kernel/fault.js';

/**
 * The vector at length 1, as a copy.
 * @throws Fault `vectors.dimension_mismatch`, or `vectors.invalid` for one of zeros or with a number that is not finite
 */
export function unitVector(vector: Float32Array, dimension: number): Float32Array {
  if (vector.length !== dimension) {
    throw new Fault(
      'vectors.dimension_mismatch',
      `The vector has ${vector.length} numbers, the collection ${dimension}`,
    );
  }
  const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
  if (length === 0 || !Number.isFinite(length)) {
    throw new Fault('vectors.invalid', 'A vector needs finite numbers, and one of them other than zero');
  }
  return vector.map((value) => value / length);
}
