/** What a page does to show itself, in the order in which it does so. */
export type Drawing = readonly { operator: number; args: readonly unknown[] | null }[];

type Matrix = readonly [number, number, number, number];

/** The numbers that the PDF engine gives to the operators that matter here. */
export type PictureOperators = Record<
  | 'save'
  | 'restore'
  | 'transform'
  | 'paintImageXObject'
  | 'paintInlineImageXObject'
  | 'paintImageMaskXObject',
  number
>;

const UNIT: Matrix = [1, 0, 0, 1];

/**
 * The area of the largest picture on a page as a share of the page's. A picture fills the unit square of the space that
 * the transformations before it have made (ISO 32000-1, 8.9.5), so its area is the determinant of their product.
 */
export function shareOfPage(drawing: Drawing, pageArea: number, operators: PictureOperators): number {
  const pictures = [
    operators.paintImageXObject,
    operators.paintInlineImageXObject,
    operators.paintImageMaskXObject,
  ];
  const saved: Matrix[] = [];
  let space = UNIT;
  let largest = 0;
  for (const { operator, args } of drawing) {
    if (operator === operators.save) saved.push(space);
    else if (operator === operators.restore) space = saved.pop() ?? UNIT;
    else if (operator === operators.transform) space = multiplied(space, args as unknown as Matrix);
    else if (pictures.includes(operator)) largest = Math.max(largest, Math.abs(areaOf(space)));
  }
  return pageArea > 0 ? largest / pageArea : 0;
}

function multiplied([a, b, c, d]: Matrix, [e, f, g, h]: Matrix): Matrix {
  return [a * e + c * f, b * e + d * f, a * g + c * h, b * g + d * h];
}

function areaOf([a, b, c, d]: Matrix): number {
  return a * d - b * c;
}
