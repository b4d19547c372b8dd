const escape = (text) =>
  text
    .replace(/[\\{}]/g, '\\$&')
    // A unit of UTF-16 as a signed number, and a question mark for programs that do not know it.
    .replace(/[^\0-\x7f]/g, (unit) => `\\u${(unit.charCodeAt(0) << 16) >> 16}?`);

const block = ({ level, text }) =>
  level > 0
    ? `\\pard\\s${level}\\sb240\\sa120\\b\\fs${36 - 8 * level} ${escape(text)}\\b0\\par`
    : `\\pard\\s0\\sa120\\fs22 ${escape(text)}\\par`;

/** A document in rich text (RTF 1.9.1) of headings and paragraphs. */
export function toRtf(blocks, { author }) {
  const styles = [1, 2].map((level) => `{\\s${level} heading ${level};}`).join('');
  return [
    '{\\rtf1\\ansi\\ansicpg1252\\deff0{\\fonttbl{\\f0\\fswiss\\fcharset0 Arial;}}',
    `{\\stylesheet{\\s0 Normal;}${styles}}`,
    `{\\info{\\title ${escape(blocks[0].text)}}{\\author ${escape(author)}}}`,
    ...blocks.map(block),
    '}',
  ].join('\n');
}
