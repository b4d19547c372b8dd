/**
 * The little Markdown that the sources use: headings and paragraphs.
 * @returns {{ level: number, text: string }[]} blocks in order; level 0 is a paragraph
 */
export function parseMarkdown(markdown) {
  return markdown
    .trim()
    .split(/\n{2,}/)
    .map((block) => {
      const [, marks, text] = /^(#*)\s*([\s\S]*)$/.exec(block);
      return { level: marks.length, text: text.replace(/\s+/g, ' ') };
    });
}
