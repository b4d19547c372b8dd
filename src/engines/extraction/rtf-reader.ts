import { readFile } from 'node:fs/promises';
import { blocksToText } from './document-blocks.js';
import { onePage, TextBudget, type ReadDocument, type SniffedFile } from './document-reader.js';
import { RtfInterpreter } from './rtf-interpreter.js';
import { rtfTokens } from './rtf-tokens.js';

/** Rich text has no pages before somebody lays it out: it is one. */
export async function readRtf({ path, limits }: SniffedFile): Promise<ReadDocument> {
  const interpreter = new RtfInterpreter(new TextBudget(limits.characters));
  for (const token of rtfTokens(await readFile(path))) {
    interpreter.take(token);
    if (interpreter.isOver) break;
  }
  const { blocks, facts } = interpreter.end();
  const { title, creatim, ...metadata } = Object.fromEntries(facts) as Record<string, string | undefined>;
  return { pages: onePage(blocksToText(blocks)), title, metadata: { ...metadata, created_at: creatim } };
}
