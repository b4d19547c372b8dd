import { serveRequests } from '../../kernel/request-thread.js';
import { UseLiteEncoder } from './use-lite-encoder.adapter.js';

/** Vectors of texts, end to end; or how well texts match the words of a question, a number each. */
export type TextRequest = { texts: readonly string[]; question?: string };

/** A model that cannot be loaded ends the thread, so that the next request tries again. */
const encoder = await UseLiteEncoder.load();

serveRequests(async ({ texts, question }: TextRequest, signal) => {
  const reply =
    question === undefined ? await encoder.encode(texts, signal) : encoder.words.score(question, texts);
  return { reply, transfer: [reply.buffer as ArrayBuffer] };
});
