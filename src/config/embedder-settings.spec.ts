import { expect, it } from 'vitest';
import { ConfigFault, readConfig } from './config.js';

const read = (variables: Record<string, string>) =>
  readConfig({ DATABASE_URL: 'postgresql://x/y', AUTH_MODE: 'disabled', ...variables });
const faultsOf = (variables: Record<string, string>) => {
  try {
    read(variables);
    return [];
  } catch (error) {
    return error instanceof ConfigFault ? error.faults : [String(error)];
  }
};

it('is built in unless told otherwise, also where an orchestrator leaves a variable empty', () => {
  expect(read({ IMAGE_EMBEDDER: '' })).toMatchObject({
    imageEmbedder: { kind: 'builtin' },
    textEmbedder: { kind: 'builtin' },
  });
});

it('takes what is said of one before what is said of both', () => {
  const config = read({
    IMAGE_EMBEDDER: 'HTTP',
    TEXT_EMBEDDER: 'http',
    EMBEDDING_URL: 'http://models.internal:7997',
    EMBEDDING_API_KEY: 'key',
    EMBEDDING_MODEL: 'words',
    IMAGE_EMBEDDING_MODEL: 'pictures',
    IMAGE_EMBEDDING_DIMENSION: '512',
  });
  const service = { kind: 'http', url: 'http://models.internal:7997', apiKey: 'key' };
  expect(config.textEmbedder).toEqual({ ...service, model: 'words' });
  expect(config.imageEmbedder).toEqual({ ...service, model: 'pictures', dimension: 512 });
});

it('names a folder for models that are read from one', () => {
  const config = read({ IMAGE_EMBEDDER: 'clip', EMBEDDING_MODEL_PATH: '/models/clip' });
  expect(config.imageEmbedder).toEqual({ kind: 'clip', modelPath: '/models/clip' });
});

it('lists everything that is missing or wrong', () => {
  expect(faultsOf({ IMAGE_EMBEDDER: 'http', TEXT_EMBEDDER: 'transformers' })).toEqual([
    expect.stringMatching(/^EMBEDDING_URL is not set.*IMAGE_EMBEDDER=http/),
    expect.stringMatching(/^EMBEDDING_MODEL is not set.*IMAGE_EMBEDDER=http/),
    expect.stringMatching(/^EMBEDDING_MODEL_PATH is not set.*TEXT_EMBEDDER=transformers/),
  ]);
  expect(
    faultsOf({
      TEXT_EMBEDDER: 'http',
      TEXT_EMBEDDING_URL: 'models:80',
      EMBEDDING_MODEL: 'm',
      EMBEDDING_DIMENSION: 'many',
    }),
  ).toEqual([
    expect.stringMatching(/^TEXT_EMBEDDING_URL must be an http or https URL/),
    expect.stringMatching(/^EMBEDDING_DIMENSION must be a whole number/),
  ]);
  expect(faultsOf({ IMAGE_EMBEDDER: 'transformers' })).toHaveLength(1);
});
