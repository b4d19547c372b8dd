import type { OcrBox, OcrLine, OcrWord } from './ocr-engine.js';

/** A line with the place that Tesseract gave it, so that paragraphs show. */
export interface TsvLine extends OcrLine {
  /** Block and paragraph: equal within a paragraph. */
  paragraph: string;
}

const WORD_LEVEL = '5';

/**
 * The lines of Tesseract's TSV output (level, page, block, paragraph, line, word, left, top, width, height, confidence
 * in per cent, text), with or without its header. Words that are only space are left out.
 */
export function parseTsv(tsv: string): TsvLine[] {
  const lines = new Map<string, { paragraph: string; words: OcrWord[] }>();
  for (const row of tsv.split('\n')) {
    const [level, page, block, paragraph, line, , x, y, width, height, confidence, text = ''] =
      row.split('\t');
    if (level !== WORD_LEVEL || !text.trim()) continue;
    const place = `${page} ${block} ${paragraph}`;
    const key = `${place} ${line}`;
    if (!lines.has(key)) lines.set(key, { paragraph: place, words: [] });
    lines.get(key)?.words.push({
      text: text.trim(),
      confidence: Math.min(1, Math.max(0, Number(confidence) / 100)),
      box: { x: Number(x), y: Number(y), width: Number(width), height: Number(height) },
    });
  }
  return [...lines.values()].map(({ paragraph, words }) => ({
    paragraph,
    text: words.map(({ text }) => text).join(' '),
    confidence: confidenceOf(words),
    box: around(words.map(({ box }) => box)),
    words,
  }));
}

/** Mean of the words' confidence by their length; 0 without words. */
export function confidenceOf(words: readonly OcrWord[]): number {
  const letters = words.reduce((sum, { text }) => sum + text.length, 0);
  return letters === 0
    ? 0
    : words.reduce((sum, { text, confidence }) => sum + confidence * text.length, 0) / letters;
}

/** Lines under each other, an empty one between paragraphs. */
export function textOfLines(lines: readonly TsvLine[]): string {
  return lines
    .map(({ text, paragraph }, at) => {
      const above = lines[at - 1];
      return above === undefined ? text : `${above.paragraph === paragraph ? '\n' : '\n\n'}${text}`;
    })
    .join('');
}

function around(boxes: readonly OcrBox[]): OcrBox {
  const x = Math.min(...boxes.map((box) => box.x));
  const y = Math.min(...boxes.map((box) => box.y));
  const right = Math.max(...boxes.map((box) => box.x + box.width));
  const bottom = Math.max(...boxes.map((box) => box.y + box.height));
  return { x, y, width: right - x, height: bottom - y };
}
