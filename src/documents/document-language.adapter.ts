import { franc } from 'franc-min';

/** Shorter texts say too little. */
const MIN_LENGTH = 60;
const SAMPLE = 20_000;
const UNDETERMINED = 'und';

/** The language that most of the text is in, as BCP 47 has it (`en`, `de`, `zh`); `null` when it cannot be told. */
export function languageOf(text: string): string | null {
  const code = franc(text.slice(0, SAMPLE), { minLength: MIN_LENGTH });
  return code === UNDETERMINED ? null : (Intl.getCanonicalLocales(code)[0] ?? null);
}
