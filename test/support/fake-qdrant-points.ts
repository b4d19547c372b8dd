import type { FieldCondition, Filter } from './fake-qdrant-requests.js';

export interface StoredPoint {
  id: string | number;
  vector: Float32Array;
  payload: Record<string, unknown>;
  version: number;
}

/** Of length 1, in the server's 32 bits; one of zeros stays as it is. */
export function normalised(vector: readonly number[]): Float32Array {
  const length = Math.hypot(...vector) || 1;
  return Float32Array.from(vector, (value) => value / length);
}

export function cosine(a: Float32Array, b: Float32Array): number {
  return Math.fround(a.reduce((sum, value, at) => sum + value * (b[at] ?? 0), 0));
}

export function fulfils({ payload }: StoredPoint, { must, must_not, should }: Filter = {}): boolean {
  const holds = (condition: FieldCondition) => meets(payload, condition);
  return (
    (must ?? []).every(holds) &&
    !(must_not ?? []).some(holds) &&
    (should === undefined || should.length === 0 || should.some(holds))
  );
}

/** One of the values that stand under a dotted key, through lists. */
function meets(payload: Record<string, unknown>, { key, match }: FieldCondition): boolean {
  const values = key
    .split('.')
    .reduce<unknown[]>(
      (found, name) =>
        found.flatMap((value) =>
          typeof value === 'object' && value !== null ? ((value as Record<string, unknown>)[name] ?? []) : [],
        ),
      [payload],
    )
    .flat();
  return 'any' in match
    ? values.some((value) => (match.any as unknown[]).includes(value))
    : values.includes(match.value);
}

/** What a `with_payload` lets through. */
export function selected(
  { payload }: StoredPoint,
  selector: boolean | string[] | undefined,
  otherwise: boolean,
): Record<string, unknown> | undefined {
  const chosen = selector ?? otherwise;
  if (Array.isArray(chosen))
    return Object.fromEntries(Object.entries(payload).filter(([name]) => chosen.includes(name)));
  return chosen ? payload : undefined;
}
