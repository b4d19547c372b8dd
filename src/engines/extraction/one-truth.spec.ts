import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { extractBytes, textOf } from '../../../test/support/extract-bytes.js';
import { docxStory, htmlStory, odtStory, rtfStory, type Story } from '../../../test/support/story.js';

const PARTS: Story['parts'] = [
  { heading: 'Plan for the garden', level: 1 },
  { text: 'Beds are dug in March.\nA second line; 3 < 4 & {so on}.' },
  { heading: 'What to sow', level: 2 },
  {
    items: [
      { text: 'Beans', items: [{ text: 'runner', items: [{ text: 'white' }] }, { text: 'broad' }] },
      { text: 'Leeks' },
    ],
  },
  { text: 'In this order:' },
  {
    counted: true,
    items: [{ text: 'Dig', items: [{ text: 'north' }, { text: 'south' }] }, { text: 'Rake' }],
  },
  {
    rows: [
      ['Bed', 'Crop', 'Note'],
      ['1', 'Beans', ''],
      ['2', 'Leeks', 'late'],
    ],
  },
  { text: 'Cafe\u0301 nai\u0308ve, 😀👩\u200d🌾, 東京の庭, 한국어, ½ €' },
  { text: 'مرحبا بالعالم، الصفحة 12' },
  { text: 'שָׁלוֹם עולם abc 123' },
  { text: '' },
];

const TRUTH = `# Plan for the garden

Beds are dug in March.
A second line; 3 < 4 & {so on}.

## What to sow

- Beans
  - runner
    - white
  - broad
- Leeks

In this order:

1. Dig
   1. north
   2. south
2. Rake

Bed | Crop | Note
1 | Beans |
2 | Leeks | late

Café naïve, 😀👩\u200d🌾, 東京の庭, 한국어, ½ €

مرحبا بالعالم، الصفحة 12

שָׁלוֹם עולם abc 123`.normalize('NFC');

describe('one document reads as one text, whatever kind of file it came as', () => {
  it.each([
    ['html', htmlStory],
    ['docx', docxStory],
    ['odt', odtStory],
    ['rtf', rtfStory],
  ] as const)('%s', async (kind, write) => {
    const document = await extractBytes(`garden.${kind}`, write({ parts: PARTS }));
    expect(document.pages).toEqual([{ number: 1, text: TRUTH }]);
    expect(document.warnings).toEqual([]);
  });
});

describe('notes stand below under their numbers, what is above and below each page is told once', () => {
  it.each([
    ['docx', docxStory],
    ['odt', odtStory],
    ['rtf', rtfStory],
  ] as const)('%s', async (kind, write) => {
    const story = {
      header: 'Castlebridge allotments',
      footer: 'Not for sale',
      parts: [
        { text: 'Beds are dug', note: 'By hand.' },
        { text: 'and raked', note: 'Twice, with a “rake”.' },
      ],
    };
    expect(await textOf(`garden.${kind}`, write(story))).toBe(
      'Castlebridge allotments\n\nBeds are dug[1]\n\nand raked[2]\n\n[1] By hand.\n\n[2] Twice, with a “rake”.\n\nNot for sale',
    );
  });
});

/** One document of ours that LibreOffice 7.4 saved in three kinds; RTF knows no cells that span columns. */
const WRITTEN_ELSEWHERE = (spanned: string) => `Castlebridge allotments

# Plan for the garden

Beds are dug[1] in March. Two spaces  here.
A new line.

## What to sow

- Beans
  - Runner beans
  - Broad beans
- Leeks

1. Dig
2. Rake

Bed | Crop | Note
1 | Beans and peas${spanned}
2 | Leeks Onions |

Café naïve Ångström 😀 東京の庭 한국어 é

مرحبا بالعالم

שלום עולם 123 abc

Seen only.

Endnote here[2].

[1] By hand, not by machine.

[2] At the very end.

Page`;

describe('a document that another program wrote reads as one text', () => {
  it.each([
    ['docx', ' |'],
    ['odt', ' |'],
    ['rtf', ''],
  ])('%s', async (kind, spanned) => {
    const file = new URL(`../../../test/support/written-elsewhere/garden.${kind}`, import.meta.url);
    const document = await extractBytes(`garden.${kind}`, readFileSync(file));
    expect(document.pages[0]?.text).toBe(WRITTEN_ELSEWHERE(spanned).normalize('NFC'));
    expect(document).toMatchObject({ title: 'Garden plan', metadata: { author: 'Ida Finch' }, warnings: [] });
  });
});
