// How often does search find the right passage first?
//   npm run score:search                    over the samples
//   npm run score:search -- --dir FOLDER    over your own files
//
// FOLDER holds the files, or a folder `documents` with them, and `questions.json`: a list of {question, document,
// passage}, where `document` is a file's name and `passage` a short text that only the right chunk holds. Another list
// is named with --questions FILE; --json FILE writes the result down. Runs what the product runs, from reading the
// files to ranking, and stores nothing.
import './setup/node-version.mjs';

const { existsSync, readdirSync, readFileSync, writeFileSync } = await import('node:fs');
const { join, resolve } = await import('node:path');
const { parseArgs } = await import('node:util');
const { orExplain, SetupFault } = await import('./setup/fault.mjs');
const { prepare } = await import('./setup/prepare.mjs');

/** As many as the product looks at twice. */
const CANDIDATES = 50;

await orExplain(main);

async function main() {
  const options = readArguments();
  const questions = readQuestions(options.questions);
  await prepare();
  const product = await load();
  try {
    const passages = await readPassages(product, options.documents);
    const vectors = await product.embedder.embed(questions.map(({ question }) => question));
    const results = [];
    for (const [at, question] of questions.entries()) {
      results.push(await ask(product, question, vectors[at], passages));
    }
    report(summarise(results, passages.length, product.embedder.model), options.json);
  } finally {
    await product.close();
  }
}

function readArguments() {
  const { values } = parseArgs({
    options: {
      dir: { type: 'string', default: 'samples' },
      questions: { type: 'string' },
      json: { type: 'string' },
    },
  });
  const inside = join(values.dir, 'documents');
  return {
    documents: resolve(existsSync(inside) ? inside : values.dir),
    questions: resolve(values.questions ?? join(values.dir, 'questions.json')),
    json: values.json && resolve(values.json),
  };
}

function readQuestions(file) {
  if (!existsSync(file)) {
    throw new SetupFault(`${file} is missing: write a list of {question, document, passage} into it`);
  }
  return JSON.parse(readFileSync(file, 'utf8'));
}

/** The parts of the built product that search consists of. */
async function load() {
  await import('reflect-metadata');
  const built = (path) => import(new URL(`../dist/${path}.js`, import.meta.url));
  const { NestFactory } = await import('@nestjs/core');
  const { ExtractionModule } = await built('engines/extraction/extraction.module');
  const { EmbeddingsModule } = await built('engines/embeddings/embeddings.module');
  const { TextExtractor } = await built('engines/extraction/text-extractor');
  const { TextEmbedder } = await built('engines/embeddings/text-embedder');
  const { chunkDocument, embeddingText } = await built('documents/document-chunker');
  const { surroundings } = await import('./setup/surroundings.mjs');
  class ScoreModule {}
  // The bundled OCR: a score is to be the same on every machine.
  const around = await surroundings({ OCR_ENGINE: 'tesseract.js' });
  const app = await NestFactory.createApplicationContext(
    { module: ScoreModule, imports: [around, ExtractionModule, EmbeddingsModule] },
    { logger: ['error'] },
  );
  return {
    extractor: app.get(TextExtractor),
    embedder: app.get(TextEmbedder),
    chunkDocument,
    embeddingText,
    close: () => app.close(),
  };
}

async function readPassages(product, folder) {
  const files = readdirSync(folder, { withFileTypes: true }).filter((file) => file.isFile());
  const passages = [];
  for (const { name } of files.filter((file) => file.name !== 'questions.json')) {
    const path = join(folder, name);
    const { pages, title } = await product.extractor.extract({ path, fileName: name });
    const chunks = product.chunkDocument(pages);
    const vectors = await product.embedder.embed(chunks.map((chunk) => product.embeddingText(chunk, title)));
    passages.push(...chunks.map((chunk, at) => ({ document: name, chunk, vector: vectors[at] })));
  }
  return passages;
}

/** @returns the question with the place of the right passage, from 1; 0 when no chunk holds it */
async function ask(product, question, vector, passages) {
  const nearest = passages
    .map((passage) => ({ ...passage, similarity: cosine(vector, passage.vector) }))
    .toSorted((a, b) => b.similarity - a.similarity)
    .slice(0, CANDIDATES);
  const texts = nearest.map(({ chunk, similarity }) => ({ text: product.embeddingText(chunk), similarity }));
  const scores = await product.embedder.rank(question.question, texts);
  const ranked = nearest
    .map((passage, at) => ({ ...passage, score: scores[at] }))
    .toSorted((a, b) => b.score - a.score);
  const wanted = oneLine(question.passage);
  const isRight = ({ document, chunk }) =>
    document === question.document && oneLine(chunk.text).includes(wanted);
  const [first] = ranked;
  return {
    ...question,
    rank: ranked.findIndex(isRight) + 1,
    first: first && {
      document: first.document,
      score: first.score,
      text: oneLine(first.chunk.text).slice(0, 90),
    },
  };
}

function cosine(one, other) {
  return one.reduce((sum, value, at) => sum + value * other[at], 0);
}

function oneLine(text) {
  return text.replace(/\s+/g, ' ').trim();
}

function summarise(results, chunks, model) {
  const found = results.filter(({ rank }) => rank === 1).length;
  const reciprocals = results.reduce((sum, { rank }) => sum + (rank > 0 ? 1 / rank : 0), 0);
  const [recall_at_1, mrr] = [found / results.length, reciprocals / results.length];
  return { model, chunks, questions: results.length, found, recall_at_1, mrr, results };
}

function report(score, file) {
  for (const { question, document, rank, first } of score.results.filter((result) => result.rank !== 1)) {
    console.log(`${rank || 'not found'}  ${question} (${document})`);
    if (first) console.log(`   first: ${first.document}: ${first.text}`);
  }
  console.log(
    `${score.found} of ${score.questions} questions find their passage first ` +
      `(recall@1 ${score.recall_at_1.toFixed(3)}, MRR ${score.mrr.toFixed(3)}), ` +
      `among ${score.chunks} chunks; ${score.model}`,
  );
  if (file) writeFileSync(file, `${JSON.stringify(score, null, 2)}\n`);
}
