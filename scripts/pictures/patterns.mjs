/** What things are covered with: each draws an SVG pattern of this id over a ground colour. */
const PATTERNS = {
  plain: (_chance, { ground }) => `<rect width="100" height="100" fill="${ground}"/>`,
  stripes: (chance, { ground, ink }) => {
    const width = chance.between(8, 24);
    return `<rect width="100" height="100" fill="${ground}"/>${range(6)
      .map((at) => `<rect x="${at * width * 2}" width="${width}" height="100" fill="${ink}"/>`)
      .join('')}`;
  },
  checks: (chance, { ground, ink }) => {
    const side = 100 / chance.oneOf([4, 6, 8]);
    const squares = range(64)
      .map((at) => [at % 8, Math.floor(at / 8)])
      .filter(([x, y]) => (x + y) % 2 === 0)
      .map(
        ([x, y]) => `<rect x="${x * side}" y="${y * side}" width="${side}" height="${side}" fill="${ink}"/>`,
      );
    return `<rect width="100" height="100" fill="${ground}"/>${squares.join('')}`;
  },
  dots: (chance, { ground, ink }) => {
    const radius = chance.between(4, 11);
    const places = range(16).map((at) => [12.5 + (at % 4) * 25, 12.5 + Math.floor(at / 4) * 25]);
    return `<rect width="100" height="100" fill="${ground}"/>${places
      .map(([x, y]) => `<circle cx="${x}" cy="${y}" r="${radius}" fill="${ink}"/>`)
      .join('')}`;
  },
  leaves: (chance, { ground, ink }) =>
    `<rect width="100" height="100" fill="${ground}"/>${range(9)
      .map(() => {
        const [x, y, turn] = [chance.between(5, 95), chance.between(5, 95), chance.whole(0, 180)];
        return `<ellipse cx="${x}" cy="${y}" rx="14" ry="5" fill="${ink}" transform="rotate(${turn} ${x} ${y})"/>`;
      })
      .join('')}`,
  zigzag: (chance, { ground, ink }) => {
    const height = chance.between(8, 16);
    const line = (y) =>
      `M0 ${y} ${range(10)
        .map((at) => `L${at * 10 + 10} ${y + (at % 2 === 0 ? height : 0)}`)
        .join(' ')}`;
    return `<rect width="100" height="100" fill="${ground}"/><path d="${[5, 35, 65, 95].map(line).join(' ')}" stroke="${ink}" stroke-width="6" fill="none"/>`;
  },
};

export const PATTERN_NAMES = Object.keys(PATTERNS);

/** @returns an SVG `<pattern>` to put between `<defs>`; fill with `url(#id)` */
export function pattern(id, name, chance, colours) {
  const side = Math.round(chance.between(70, 150));
  return `<pattern id="${id}" width="${side}" height="${side}" patternUnits="userSpaceOnUse" viewBox="0 0 100 100">${PATTERNS[name](chance, colours)}</pattern>`;
}

export function range(length) {
  return Array.from({ length }, (_, at) => at);
}
