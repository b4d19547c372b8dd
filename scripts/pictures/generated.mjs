import { Chance } from './chance.mjs';
import { drawScene, drawSurface, drawThing, withGrain } from './drawing.mjs';
import { PATTERN_NAMES } from './patterns.mjs';
import { THINGS } from './things.mjs';

/** Of ten pictures so many are things; the rest are views and surfaces. */
const KINDS = [
  'thing',
  'thing',
  'thing',
  'sibling',
  'sibling',
  'thing',
  'scene',
  'thing',
  'surface',
  'sibling',
];

/**
 * Pictures that are easily mistaken for each other: things of a dozen kinds with covers of six, siblings that differ from
 * the thing before them in one respect only, views, and surfaces; large and small, on white and on colours, some grained.
 * The same seed makes the same pictures.
 */
export async function generatePictures(count, seed) {
  const chance = new Chance(seed);
  const pictures = [];
  let last = newThing(chance);
  for (let at = 0; at < count; at += 1) {
    const kind = KINDS[at % KINDS.length];
    last = kind === 'thing' ? newThing(chance) : kind === 'sibling' ? sibling(last, chance) : last;
    const side = chance.whole(220, 700);
    const clean = await draw(kind, last, side, chance);
    const bytes = chance.next() < 0.4 ? await withGrain(clean, chance, chance.between(10, 40)) : clean;
    pictures.push({ name: `${String(at).padStart(4, '0')}-${kind}`, bytes });
  }
  return pictures;
}

function draw(kind, last, side, chance) {
  if (kind === 'scene') return drawScene(chance, side);
  if (kind === 'surface') return drawSurface(chance.oneOf(PATTERN_NAMES.slice(1)), chance, side);
  return drawThing({ ...last, side }, new Chance(last.seed));
}

function newThing(chance) {
  const thing = chance.oneOf(Object.keys(THINGS));
  const shape = [chance.next(), chance.next(), chance.next()];
  const hue = chance.between(0, 360);
  const ground = chance.oneOf([
    '#fff',
    '#fff',
    '#f4f1ec',
    [chance.colour(), chance.colour()],
    chance.colour(),
  ]);
  const turn = chance.oneOf([0, 0, 0, chance.between(-25, 25)]);
  return {
    thing,
    shape,
    cover: chance.oneOf(PATTERN_NAMES),
    hue,
    ground,
    turn,
    seed: chance.whole(0, 2 ** 31),
  };
}

/** The same thing in another cover, of another shape, or in other colours. */
function sibling(thing, chance) {
  switch (chance.whole(0, 2)) {
    case 0:
      return { ...thing, cover: chance.oneOf(PATTERN_NAMES.filter((name) => name !== thing.cover)) };
    case 1:
      return { ...thing, shape: thing.shape.map((value) => (value + chance.between(0.3, 0.7)) % 1) };
    default:
      return { ...thing, seed: chance.whole(0, 2 ** 31), hue: (thing.hue + chance.between(60, 300)) % 360 };
  }
}
