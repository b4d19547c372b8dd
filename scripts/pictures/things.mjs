/**
 * Things as shops show them, on a canvas of 400 x 400. Each is drawn from a few numbers between 0 and 1 (`shape`) with a
 * cover, an accent and a dark colour.
 */
import { range } from './patterns.mjs';

export const THINGS = {
  mug: ([wide, tall, handle], { cover, accent }) => {
    const [w, h, r] = [150 + wide * 90, 170 + tall * 110, 40 + handle * 30];
    const [x, y] = [170 - w / 2, 210 - h / 2];
    return `<circle cx="${x + w}" cy="210" r="${r}" fill="none" stroke="${accent}" stroke-width="26"/>
      <rect x="${x}" y="${y}" width="${w}" height="${h}" rx="18" fill="${cover}"/>
      <ellipse cx="${x + w / 2}" cy="${y + 8}" rx="${w / 2}" ry="16" fill="${accent}"/>`;
  },
  bottle: ([wide, neck, label], { cover, accent, dark }) => {
    const [w, n] = [90 + wide * 90, 28 + neck * 30];
    return `<path d="M${200 - n / 2} 40 h${n} v70 q0 20 ${(w - n) / 2} 60 v170 q0 24 -24 24 h-${w - 48} q-24 0 -24 -24 v-170 q${(w - n) / 2} -40 ${(w - n) / 2} -60 z" fill="${accent}"/>
      <rect x="${200 - w / 2}" y="${200 + label * 30}" width="${w}" height="${70 + label * 40}" fill="${cover}"/>
      <rect x="${200 - n / 2 - 4}" y="28" width="${n + 8}" height="26" rx="6" fill="${dark}"/>`;
  },
  shirt: ([sleeve, long, neck], { cover, accent }) => {
    const [s, l] = [40 + sleeve * 80, 300 + long * 60];
    const left = 30 - sleeve * 20;
    return `<path d="M140 70 L${left} ${110 + s} l55 30 l35 -60 v${l - 130} H${310 - left} v-${l - 130} l35 60 l55 -30 L260 70 q-60 ${40 + neck * 50} -120 0 z" fill="${cover}" stroke="${accent}" stroke-width="5"/>`;
  },
  plate: ([rim, deep, ring], { cover, accent, dark }) =>
    `<circle cx="200" cy="200" r="170" fill="${accent}"/><circle cx="200" cy="200" r="${150 - rim * 40}" fill="${cover}"/>
      <circle cx="200" cy="200" r="${90 - deep * 40}" fill="none" stroke="${dark}" stroke-width="${3 + ring * 12}"/>`,
  lamp: ([shade, foot, tall], { cover, accent, dark }) => {
    const [top, bottom] = [60 + shade * 60, 190 + shade * 90];
    return `<path d="M${200 - top / 2} 50 h${top} L${200 + bottom / 2} ${170 + tall * 40} h-${bottom} z" fill="${cover}"/>
      <rect x="190" y="${170 + tall * 40}" width="20" height="150" fill="${dark}"/>
      <ellipse cx="200" cy="345" rx="${60 + foot * 50}" ry="20" fill="${accent}"/>`;
  },
  chair: ([back, seat, legs], { cover, accent }) => {
    const [h, w] = [110 + back * 60, 170 + seat * 60];
    const x = 200 - w / 2;
    return `<rect x="${x}" y="${190 - h}" width="${w}" height="${h}" rx="${14 + back * 40}" fill="${cover}"/>
      <rect x="${x - 12}" y="200" width="${w + 24}" height="38" rx="12" fill="${accent}"/>
      ${[x, x + w - 18].map((left) => `<rect x="${left}" y="238" width="18" height="${90 + legs * 50}" fill="${accent}"/>`).join('')}`;
  },
  shoe: ([toe, heel, lace], { cover, accent, dark }) =>
    `<path d="M60 ${150 - heel * 30} q40 50 110 40 q70 ${60 - toe * 30} 160 ${60 - toe * 10} q30 20 10 60 h-280 z" fill="${cover}"/>
      <rect x="52" y="300" width="300" height="${22 + heel * 26}" rx="10" fill="${dark}"/>
      ${range(3 + Math.round(lace * 3))
        .map(
          (at) => `<path d="M${150 + at * 26} ${190 + at * 10} l22 34" stroke="${accent}" stroke-width="8"/>`,
        )
        .join('')}`,
  clock: ([hands, marks, rim], { cover, accent, dark }) =>
    `<circle cx="200" cy="200" r="165" fill="${accent}"/><circle cx="200" cy="200" r="${150 - rim * 30}" fill="${cover}"/>
      ${range(marks > 0.5 ? 12 : 4)
        .map(
          (at, _, all) =>
            `<rect x="194" y="66" width="12" height="26" fill="${dark}" transform="rotate(${(at * 360) / all.length} 200 200)"/>`,
        )
        .join('')}
      <path d="M200 200 L${200 + 90 * Math.cos(hands * 6)} ${200 + 90 * Math.sin(hands * 6)} M200 200 L${200 + 60 * Math.cos(hands * 11)} ${200 + 60 * Math.sin(hands * 11)}" stroke="${dark}" stroke-width="11" stroke-linecap="round"/>`,
  box: ([wide, tall, lid], { cover, accent, dark }) => {
    const [w, h] = [180 + wide * 110, 150 + tall * 100];
    const [x, y] = [180 - w / 2, 230 - h / 2];
    return `<path d="M${x} ${y} l50 -50 h${w} l-50 50 z" fill="${accent}"/><path d="M${x + w} ${y} l50 -50 v${h} l-50 50 z" fill="${dark}"/>
      <rect x="${x}" y="${y}" width="${w}" height="${h}" fill="${cover}"/><rect x="${x}" y="${y + h * 0.35}" width="${w}" height="${10 + lid * 26}" fill="${accent}"/>`;
  },
  guitar: ([body, waist, hole], { cover, accent, dark }) =>
    `<rect x="188" y="20" width="24" height="210" fill="${dark}"/><circle cx="200" cy="${200 + waist * 20}" r="${62 + body * 22}" fill="${cover}"/>
      <circle cx="200" cy="300" r="${80 + body * 15}" fill="${cover}"/><circle cx="200" cy="${236 + waist * 20}" r="${18 + hole * 16}" fill="${dark}"/>
      <rect x="160" y="318" width="80" height="12" fill="${accent}"/>`,
  bicycle: ([frame, wheel, bar], { cover, accent, dark }) => {
    const r = 58 + wheel * 22;
    return `${[110, 290].map((x) => `<circle cx="${x}" cy="260" r="${r}" fill="none" stroke="${dark}" stroke-width="${7 + frame * 8}"/>`).join('')}
      <path d="M${180 - frame * 20} 158 H258 L212 245 z" fill="${cover}"/>
      <path d="M110 260 L${170 - frame * 20} 150 H270 L290 260 M${170 - frame * 20} 150 L210 260 L270 150 M210 260 H110 M270 150 L${262 - bar * 20} ${110 - bar * 30} h40" stroke="${accent}" stroke-width="12" fill="none"/>
      <rect x="${140 - frame * 20}" y="128" width="56" height="14" rx="7" fill="${dark}"/>`;
  },
  plant: ([leaves, pot, spread], { cover, accent, dark }) =>
    `${range(5 + Math.round(leaves * 5))
      .map((at, _, all) => {
        const turn = -70 + (at * 140) / (all.length - 1);
        return `<ellipse cx="200" cy="130" rx="${14 + spread * 16}" ry="95" fill="${dark}" transform="rotate(${turn} 200 230)"/>`;
      })
      .join('')}
      <path d="M${120 - pot * 20} 230 h${160 + pot * 40} l-30 130 h-${100 + pot * 40} z" fill="${cover}" stroke="${accent}" stroke-width="8"/>`,
};
