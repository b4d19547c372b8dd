/** Which model turns texts, or pictures, into vectors, and where it is. */
export type EmbedderConfig =
  | { readonly kind: 'builtin' }
  /** A folder with the files of a model as transformers.js reads them. */
  | { readonly kind: 'transformers' | 'clip'; readonly modelPath: string }
  | {
      readonly kind: 'http';
      readonly url: string;
      readonly model: string;
      readonly apiKey?: string;
      /** Numbers per vector; learned from the first answer when it is not set. */
      readonly dimension?: number;
    };

const SETTINGS = ['URL', 'API_KEY', 'MODEL', 'MODEL_PATH', 'DIMENSION'] as const;
type Setting = (typeof SETTINGS)[number];
type Purpose = 'IMAGE' | 'TEXT';
type Variable = `${'' | `${Purpose}_`}EMBEDDING_${Setting}`;

/** The variables of both embedders: what is said of one goes before what is said of both. */
export const EMBEDDING_VARIABLES = (['', 'IMAGE_', 'TEXT_'] as const).flatMap((prefix) =>
  SETTINGS.map((setting): Variable => `${prefix}EMBEDDING_${setting}`),
);

export type EmbedderVariables = Partial<Record<Variable, string>> & {
  IMAGE_EMBEDDER: EmbedderConfig['kind'];
  TEXT_EMBEDDER: EmbedderConfig['kind'];
};

const MAX_DIMENSION = 16_384;

export function toEmbedder(env: EmbedderVariables, purpose: Purpose): EmbedderConfig {
  const kind = env[`${purpose}_EMBEDDER`];
  const [url, apiKey, model, modelPath, dimension] = SETTINGS.map((setting) =>
    settingOf(env, purpose, setting),
  );
  if (kind === 'builtin') return { kind };
  if (kind !== 'http') return { kind, modelPath: modelPath ?? '' };
  return {
    kind,
    url: url ?? '',
    model: model ?? '',
    ...(apiKey === undefined ? {} : { apiKey }),
    ...(dimension === undefined ? {} : { dimension: Number(dimension) }),
  };
}

/** What is wrong with the variables of the embedders together, each as `[variable, text]`. */
export function embedderFaults(env: EmbedderVariables): Array<[string, string]> {
  return (['IMAGE', 'TEXT'] as const).flatMap((purpose) => {
    const kind = env[`${purpose}_EMBEDDER`];
    if (kind === 'builtin') return [];
    const because = `${purpose}_EMBEDDER=${kind} needs it`;
    if (kind !== 'http') return missing(env, purpose, 'MODEL_PATH', `name the model's folder: ${because}`);
    return [
      ...missing(env, purpose, 'URL', `name the service, such as http://models.example/v1: ${because}`),
      ...missing(env, purpose, 'MODEL', `name the service's model: ${because}`),
      ...faultyUrl(env, purpose),
      ...faultyDimension(env, purpose),
    ];
  });
}

function missing(
  env: EmbedderVariables,
  purpose: Purpose,
  setting: Setting,
  fix: string,
): Array<[string, string]> {
  return settingOf(env, purpose, setting) === undefined
    ? [[`EMBEDDING_${setting}`, `is not set; ${fix}`]]
    : [];
}

function faultyUrl(env: EmbedderVariables, purpose: Purpose): Array<[string, string]> {
  const url = settingOf(env, purpose, 'URL');
  if (url === undefined || (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol))) return [];
  return [[variableOf(env, purpose, 'URL'), 'must be an http or https URL']];
}

function faultyDimension(env: EmbedderVariables, purpose: Purpose): Array<[string, string]> {
  const dimension = Number(settingOf(env, purpose, 'DIMENSION') ?? 1);
  if (Number.isInteger(dimension) && dimension >= 1 && dimension <= MAX_DIMENSION) return [];
  return [[variableOf(env, purpose, 'DIMENSION'), `must be a whole number from 1 to ${MAX_DIMENSION}`]];
}

function settingOf(env: EmbedderVariables, purpose: Purpose, setting: Setting): string | undefined {
  return env[variableOf(env, purpose, setting)];
}

/** The one that counts. */
function variableOf(env: EmbedderVariables, purpose: Purpose, setting: Setting): Variable {
  const own: Variable = `${purpose}_EMBEDDING_${setting}`;
  return env[own] === undefined ? `EMBEDDING_${setting}` : own;
}
