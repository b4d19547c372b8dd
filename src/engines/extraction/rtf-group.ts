import type { ParagraphFormat, RtfFlow } from './rtf-flow.js';
import type { Destination } from './rtf-words.js';

/** What a group inherits from the one around it, and what ends with it. */
export interface RtfGroup {
  destination: Destination;
  flow: RtfFlow;
  /** Of a destination that is no flow: what its text comes to. */
  collected: { text: string };
  /** The first word decides what the group is. */
  fresh: boolean;
  /** Marked with `\*`: to be skipped by those who do not know its word. */
  ignorable: boolean;
  /** The instruction of the field, or the name of the fact. */
  about: { name: string };
  hidden: boolean;
  font: number;
  /** How many characters follow one of Unicode for those who do not know it. */
  fallback: number;
  style: number;
  outline: number;
  inTable: boolean;
  tables: number;
  list: number;
  listLevel: number;
}

const PARAGRAPH = { style: 0, outline: -1, inTable: false, tables: 1, list: 0, listLevel: 0 };
const BODY_TEXT = 9;

export function outermostGroup(flow: RtfFlow): RtfGroup {
  return {
    destination: 'text',
    flow,
    collected: { text: '' },
    fresh: true,
    ignorable: false,
    about: { name: '' },
    hidden: false,
    font: -1,
    fallback: 1,
    ...PARAGRAPH,
  };
}

type Property = (group: RtfGroup, value: number | undefined) => void;

/** Words that say how what follows in the group is formatted. */
export const PROPERTIES: Record<string, Property | undefined> = {
  pard: (group) => void Object.assign(group, PARAGRAPH),
  plain: (group) => void Object.assign(group, { hidden: false, font: -1 }),
  f: (group, value = 0) => void (group.font = value),
  v: (group, value = 1) => void (group.hidden = value !== 0),
  deleted: (group, value = 1) => void (group.hidden = value !== 0),
  uc: (group, value = 1) => void (group.fallback = Math.max(value, 0)),
  s: (group, value = 0) => void (group.style = value),
  outlinelevel: (group, value = BODY_TEXT) => void (group.outline = value),
  intbl: (group) => void (group.inTable = true),
  itap: (group, value = 1) => void (group.tables = value),
  ls: (group, value = 0) => void (group.list = value),
  ilvl: (group, value = 0) => void (group.listLevel = value),
};

/** @param headings the levels of styles that are headings */
export function paragraphFormat(group: RtfGroup, headings: ReadonlyMap<number, number>): ParagraphFormat {
  const { style, outline, inTable, tables, list, listLevel } = group;
  const outlined = outline < BODY_TEXT ? outline + 1 : 0;
  return {
    heading: outline >= 0 ? outlined : (headings.get(style) ?? 0),
    tables: tables > 1 ? tables : Number(inTable),
    listed: list > 0,
    listLevel,
  };
}

/** The level of a style that is a heading, by its outline or its name; undefined for others. */
export function headingLevel({ outline, collected: { text } }: RtfGroup): number | undefined {
  if (outline >= 0 && outline < BODY_TEXT) return outline + 1;
  const [, named, level] = /^\s*(heading (\d)|title)\s*;/i.exec(text) ?? [];
  return named ? Number(level ?? 1) : undefined;
}
