import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Fault } from '../../kernel/fault.js';

/** A folder with the files of one model, as transformers.js reads them. */
export interface ModelFolder {
  readonly path: string;
  /** What its vectors' space is called. */
  readonly model: string;
  readonly config: Readonly<Record<string, unknown>>;
}

/**
 * Looks before the first use, since what transformers.js says of a missing file means nothing to anybody.
 * @param files that must be there beside `config.json`
 * @throws Fault `embedding.misconfigured`, naming what is missing and the fix
 */
export function openModelFolder(path: string, files: readonly string[]): ModelFolder {
  const missing = ['config.json', ...files].filter((file) => !existsSync(join(path, file)));
  if (missing.length > 0) {
    throw misconfigured(
      `EMBEDDING_MODEL_PATH (${path}) lacks ${missing.join(', ')}; copy the model's folder whole`,
    );
  }
  const config = JSON.parse(readFileSync(join(path, 'config.json'), 'utf8')) as Record<string, unknown>;
  const name = basename(path)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-');
  return { path, model: `transformers-${name}`, config };
}

/** @throws Fault `embedding.misconfigured` when the model does not tell */
export function dimensionOf({ config, path }: ModelFolder, field: string): number {
  const dimension = config[field];
  if (typeof dimension === 'number' && Number.isInteger(dimension) && dimension > 0) return dimension;
  throw misconfigured(
    `${join(path, 'config.json')} has no ${field}; name the folder of another kind of model`,
  );
}

function misconfigured(detail: string): Fault {
  return new Fault('embedding.misconfigured', detail);
}
