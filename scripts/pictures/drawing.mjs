import sharp from 'sharp';
import { pattern, range } from './patterns.mjs';
import { THINGS } from './things.mjs';

/** A thing in front of something, as a PNG of the given width. */
export function drawThing({ thing, shape, cover, hue, ground = '#fff', side = 400, turn = 0 }, chance) {
  const colours = { ground: chance.colour(hue), ink: chance.colour() };
  const [accent, dark] = [chance.colour(), `hsl(${chance.whole(0, 359)},25%,20%)`];
  const drawn = THINGS[thing](shape, { cover: 'url(#cover)', accent, dark });
  const scene = `<g transform="rotate(${turn} 200 200)">${drawn}</g>`;
  return render(
    `${pattern('cover', cover, chance, colours)}${groundDefs(ground)}`,
    `${groundRect(ground)}${scene}`,
    side,
  );
}

/** A view without a subject: hills under a sky, with a sun, trees or houses. */
export function drawScene(chance, side = 400) {
  const sky = [chance.colour(chance.oneOf([205, 20, 260])), chance.colour(chance.oneOf([40, 200, 330]))];
  const hills = range(chance.whole(2, 4)).map((at) => {
    const top = 150 + at * 60 + chance.between(-20, 20);
    const bends = range(4).map(
      (bend) =>
        `Q${bend * 100 + 50} ${top + chance.between(-60, 60)} ${bend * 100 + 100} ${top + chance.between(-25, 25)}`,
    );
    return `<path d="M0 ${top} ${bends.join(' ')} V400 H0 z" fill="${chance.colour(chance.oneOf([100, 130, 45, 220]))}"/>`;
  });
  const things = range(chance.whole(2, 8)).map(() => sceneThing(chance));
  const sun = `<circle cx="${chance.whole(40, 360)}" cy="${chance.whole(40, 130)}" r="${chance.whole(18, 50)}" fill="hsl(48,95%,70%)"/>`;
  const defs = `<linearGradient id="sky" x2="0" y2="1"><stop stop-color="${sky[0]}"/><stop offset="1" stop-color="${sky[1]}"/></linearGradient>`;
  return render(
    defs,
    `<rect width="400" height="400" fill="url(#sky)"/>${sun}${hills.join('')}${things.join('')}`,
    side,
  );
}

/** Cloth, tiles or paper that fill the picture. */
export function drawSurface(cover, chance, side = 400) {
  const colours = { ground: chance.colour(), ink: chance.colour() };
  const turn = chance.whole(0, 90);
  return render(
    pattern('cover', cover, chance, colours),
    `<rect x="-200" y="-200" width="800" height="800" fill="url(#cover)" transform="rotate(${turn} 200 200)"/>`,
    side,
  );
}

/** Grain as a camera has it; the same for the same chance. */
export async function withGrain(png, chance, strength) {
  const { data, info } = await sharp(png).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  const grained = data.map((value) => Math.min(255, Math.max(0, value + (chance.next() - 0.5) * strength)));
  const { width, height, channels } = info;
  return sharp(grained, { raw: { width, height, channels } }).png().toBuffer();
}

function sceneThing(chance) {
  const [x, y, size] = [chance.whole(20, 380), chance.whole(200, 370), chance.between(18, 50)];
  const colour = chance.colour();
  return chance.next() < 0.5
    ? `<path d="M${x} ${y - size * 2} l${size} ${size * 2} h-${size * 2} z" fill="${colour}"/>`
    : `<rect x="${x}" y="${y - size}" width="${size}" height="${size}" fill="${colour}"/>`;
}

function groundDefs(ground) {
  if (typeof ground === 'string') return '';
  return `<radialGradient id="ground" cx="0.5" cy="0.4" r="0.9"><stop stop-color="${ground[0]}"/><stop offset="1" stop-color="${ground[1]}"/></radialGradient>`;
}

function groundRect(ground) {
  return `<rect width="400" height="400" fill="${typeof ground === 'string' ? ground : 'url(#ground)'}"/>`;
}

function render(defs, content, side) {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 400" width="${side}" height="${side}"><defs>${defs}</defs>${content}</svg>`;
  return sharp(Buffer.from(svg)).flatten({ background: '#fff' }).png().toBuffer();
}
