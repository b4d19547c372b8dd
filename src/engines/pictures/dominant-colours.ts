import { hsv, type Hsv } from './shape-and-colour.js';
import type { Raster } from './raster.js';

export const COLOUR_NAMES = [
  'black',
  'grey',
  'white',
  'red',
  'orange',
  'yellow',
  'green',
  'turquoise',
  'blue',
  'purple',
  'pink',
  'brown',
  'beige',
] as const;

export type ColourName = (typeof COLOUR_NAMES)[number];

const MOST = 4;
/** Of the picture; what is less is a detail. */
const MIN_SHARE = 0.08;

/** Where each hue ends, as a share of the colour circle that begins at red. */
const HUES: readonly (readonly [number, ColourName])[] = [
  [15 / 360, 'red'],
  [44 / 360, 'orange'],
  [70 / 360, 'yellow'],
  [160 / 360, 'green'],
  [195 / 360, 'turquoise'],
  [255 / 360, 'blue'],
  [295 / 360, 'purple'],
  [340 / 360, 'pink'],
  [1, 'red'],
];

/**
 * The colours of a picture by the names that people search for, the largest share first, at most four. Every picture has
 * at least one.
 */
export function dominantColours({ data }: Raster): ColourName[] {
  const counts = new Map<ColourName, number>();
  for (let at = 0; at < data.length; at += 3) {
    const name = colourName(hsv(data, at));
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const ranked = [...counts].toSorted(([, one], [, other]) => other - one);
  const large = ranked.filter(([, count]) => count >= (data.length / 3) * MIN_SHARE);
  return (large.length > 0 ? large : ranked.slice(0, 1)).slice(0, MOST).map(([name]) => name);
}

/** The bounds were set by eye. */
export function colourName({ hue, saturation, value }: Hsv): ColourName {
  if (value < 0.2) return 'black';
  if (saturation < 0.1 || (saturation < 0.2 && value < 0.4)) return greyName(value);
  const [, name] = HUES.find(([end]) => hue < end) ?? [1, 'red'];
  if (name === 'orange' || name === 'red') return earthName(name, saturation, value);
  if (name === 'yellow' && saturation < 0.35 && value > 0.7) return 'beige';
  if (name === 'pink' && value < 0.45) return 'purple';
  return name;
}

function greyName(value: number): ColourName {
  return value > 0.88 ? 'white' : 'grey';
}

/** Dark orange is called brown, pale orange beige, pale red pink. */
function earthName(name: 'orange' | 'red', saturation: number, value: number): ColourName {
  if (name === 'orange' && value < 0.7) return 'brown';
  if (name === 'orange' && saturation < 0.45) return 'beige';
  if (name === 'red' && value < 0.4) return 'brown';
  if (name === 'red' && saturation < 0.5 && value > 0.7) return 'pink';
  return name;
}
