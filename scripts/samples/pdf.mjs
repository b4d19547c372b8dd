/** Widths of Helvetica's characters from space to tilde, in thousandths of the size (Adobe's font metrics). */
const WIDTHS = [
  278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556, 556, 556,
  556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778,
  667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556, 556, 278, 556,
  556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
];

/** A4, in points. */
const PAGE = { width: 595, height: 842, margin: 72 };
const STYLES = {
  0: { font: 'F1', size: 11, before: 6 },
  1: { font: 'F2', size: 20, before: 0 },
  2: { font: 'F2', size: 13, before: 16 },
};
const LEADING = 1.45;

const widthOf = (text, size) =>
  [...text].reduce((sum, letter) => sum + (WIDTHS[letter.codePointAt(0) - 32] ?? 556), 0) * (size / 1000);

const literal = (text) => `(${text.replace(/[\\()]/g, '\\$&')})`;

/** A PDF 1.4 of headings and paragraphs on numbered pages. */
export function toPdf(blocks) {
  const pages = layOut(blocks);
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    `<< /Type /Pages /Count ${pages.length} /Kids [${pages.map((_, at) => `${6 + 2 * at} 0 R`).join(' ')}] >>`,
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>',
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold /Encoding /WinAnsiEncoding >>',
    `<< /Title ${literal(blocks[0].text)} >>`,
  ];
  pages.forEach((lines, at) => {
    const footer = { font: 'F1', size: 9, x: PAGE.margin, y: 40, text: `Page ${at + 1} of ${pages.length}` };
    const content = [...lines, footer].map(showLine).join('\n');
    objects.push(
      `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 ${PAGE.width} ${PAGE.height}] /Contents ${7 + 2 * at} 0 R ` +
        '/Resources << /Font << /F1 3 0 R /F2 4 0 R >> >> >>',
      `<< /Length ${Buffer.byteLength(content, 'latin1')} >>\nstream\n${content}\nendstream`,
    );
  });
  return assemble(objects, '/Info 5 0 R ');
}

/** Breaks the blocks into lines and the lines into pages. A heading never stands alone at the foot of a page. */
function layOut(blocks) {
  const pages = [[]];
  let y = PAGE.height - PAGE.margin;
  for (const { level, text } of blocks) {
    const { font, size, before } = STYLES[level];
    y -= before;
    if (level > 0 && y < PAGE.margin + 60) y = 0;
    for (const line of breakLines(text, size)) {
      y -= size * LEADING;
      if (y < PAGE.margin) {
        pages.push([]);
        y = PAGE.height - PAGE.margin - size * LEADING;
      }
      pages.at(-1).push({ font, size, x: PAGE.margin, y, text: line });
    }
  }
  return pages;
}

function breakLines(text, size) {
  const lines = [''];
  for (const word of text.split(' ')) {
    const longer = lines.at(-1) ? `${lines.at(-1)} ${word}` : word;
    if (widthOf(longer, size) <= PAGE.width - 2 * PAGE.margin) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

function showLine({ font, size, x, y, text }) {
  return `BT /${font} ${size} Tf ${x} ${y.toFixed(1)} Td ${literal(text)} Tj ET`;
}

/** A file of these objects, the first being the catalogue. @param info what the trailer says of a document's facts */
export function assemble(objects, info = '') {
  let file = '%PDF-1.4\n';
  const offsets = objects.map((body, at) => {
    const offset = file.length;
    file += `${at + 1} 0 obj\n${body}\nendobj\n`;
    return offset;
  });
  const table = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('');
  const size = objects.length + 1;
  const trailer = `trailer\n<< /Size ${size} /Root 1 0 R ${info}>>\nstartxref\n${file.length}\n%%EOF\n`;
  return Buffer.from(`${file}xref\n0 ${size}\n0000000000 65535 f \n${table}${trailer}`, 'latin1');
}
