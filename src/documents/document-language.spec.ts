import { expect, it } from 'vitest';
import { languageOf } from './document-language.adapter.js';

const TEXTS = {
  en: 'Everyone has twenty-eight days of leave a year, taken by the end of April of the year that follows.',
  de: 'Jeder hat achtundzwanzig Tage Urlaub im Jahr, zu nehmen bis Ende April des darauf folgenden Jahres.',
  fr: 'Chacun dispose de vingt-huit jours de congé par an, à prendre avant la fin du mois d’avril suivant.',
  ru: 'Каждый имеет двадцать восемь дней отпуска в год, которые следует взять до конца апреля.',
  ar: 'لكل شخص ثمانية وعشرون يوما من الإجازة في السنة تؤخذ قبل نهاية شهر أبريل من السنة التالية.',
};

it.each(Object.entries(TEXTS))('tells %s', (language, text) => {
  expect(languageOf(text)).toBe(language);
});

it('does not guess', () => {
  for (const text of ['', 'Hello', '12 400.00 | 13 200.00 | 14 800.00 | 99.10 | 12 400.00 | 13 200.00']) {
    expect(languageOf(text)).toBeNull();
  }
});
