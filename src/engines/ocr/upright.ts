import type { Seen } from './looks.js';
import type { OcrBox, OcrReading } from './ocr-engine.js';
import { textOfLines } from './tesseract-tsv.js';

interface Size {
  width: number;
  height: number;
}

/** What was done to a picture before an engine saw it. */
export interface Journey {
  original: Size;
  /** Made larger or smaller. */
  fitted: Size;
  /** Then turned by so many degrees clockwise to be level, which takes a larger frame. */
  tilt: number;
  levelled: Size;
}

/** What was seen in a prepared picture, in the pixels of the upright original. */
export function upright({ lines, confidence, rotation }: Seen, journey: Journey): OcrReading {
  const size = standing(journey.original, rotation);
  const back = wayBack(journey, rotation);
  return {
    text: textOfLines(lines),
    confidence,
    ...size,
    rotation,
    lines: lines.map(({ text, confidence: sure, box, words }) => ({
      text,
      confidence: sure,
      box: back(box),
      words: words.map((word) => ({ ...word, box: back(word.box) })),
    })),
  };
}

/** Turning by quarters and levelling may change places: a box is tilted back first, then made the original's size. */
function wayBack({ original, fitted, tilt, levelled }: Journey, rotation: number): (box: OcrBox) => OcrBox {
  const [from, to, end] = [levelled, fitted, original].map((size) => standing(size, rotation));
  const [sine, cosine] = [Math.sin((-tilt * Math.PI) / 180), Math.cos((-tilt * Math.PI) / 180)];
  const scale = { x: end.width / to.width, y: end.height / to.height };
  return ({ x, y, width, height }) => {
    const [right, down] = [x + width / 2 - from.width / 2, y + height / 2 - from.height / 2];
    const middle = {
      x: right * cosine - down * sine + to.width / 2,
      y: right * sine + down * cosine + to.height / 2,
    };
    return {
      x: Math.round((middle.x - width / 2) * scale.x),
      y: Math.round((middle.y - height / 2) * scale.y),
      width: Math.round(width * scale.x),
      height: Math.round(height * scale.y),
    };
  };
}

function standing({ width, height }: Size, rotation: number): Size {
  return rotation % 180 === 0 ? { width, height } : { width: height, height: width };
}
