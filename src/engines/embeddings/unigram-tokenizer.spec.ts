import { describe, expect, it, vi } from 'vitest';
import { UnigramTokenizer, type ScoredPiece } from './unigram-tokenizer.js';
import { readModelFile } from './use-lite-weights.js';

const vocabulary = JSON.parse(readModelFile('vocab.json').toString('utf8')) as ScoredPiece[];
const tokenizer = new UnigramTokenizer(vocabulary, 6);

const piecesOf = (text: string) => tokenizer.encode(text).map((id) => vocabulary[id][0]);

/** Steps down the trie, which is what the time goes into. */
function stepsOf(text: string): number {
  const steps = vi.spyOn(Map.prototype, 'get');
  try {
    tokenizer.encode(text);
    return steps.mock.calls.length;
  } finally {
    steps.mockRestore();
  }
}

describe('with the model’s vocabulary', () => {
  it('cuts a sentence into its pieces', () => {
    expect(tokenizer.encode('How old are you?')).toEqual([728, 446, 31, 19, 54]);
    expect(piecesOf('second-class rail tickets')).toEqual(['▁second', '-', 'class', '▁rail', '▁ticket', 's']);
  });

  it('reads white space of any kind and length as one space, and none at the ends', () => {
    expect(tokenizer.encode('\n How\told \u00a0\r\nare  you? ')).toEqual(
      tokenizer.encode('How old are you?'),
    );
  });

  it('drops soft hyphens, zero-width and control characters', () => {
    expect(tokenizer.encode('H\u0000ow o\u00adld are\u200b you?\ufeff')).toEqual(
      tokenizer.encode('How old are you?'),
    );
  });

  it('folds compatibility forms', () => {
    expect(tokenizer.encode('ｏｆﬁce')).toEqual(tokenizer.encode('office'));
  });

  it('has nothing to say about a blank text', () => {
    expect(['', ' ', '\n\u200b'].map((text) => tokenizer.encode(text))).toEqual([[], [], []]);
  });

  it('marks a run of unknown characters once and goes on behind it', () => {
    expect(piecesOf('old 東京都 house')).toEqual(['▁old', '▁', '�', '▁house']);
    expect(() => tokenizer.encode('\ud800 lone \udc00')).not.toThrow();
  });

  it('never spells a control symbol', () => {
    expect(tokenizer.encode('<s>')).not.toContain(1);
  });

  it('takes steps in proportion to the text', () => {
    const word = 'internationalisation ';
    const few = stepsOf(word.repeat(100));
    expect(few).toBeGreaterThan(100 * word.length);
    expect(stepsOf(word.repeat(1_000))).toBeLessThanOrEqual(10 * few + 100);
  });
});

describe('with a vocabulary of a few pieces', () => {
  it('prefers the likelier cut over the longer piece', () => {
    const few = new UnigramTokenizer(
      [
        ['?', 0],
        ['▁', -1],
        ['ab', -9],
        ['a', -2],
        ['b', -2],
        ['bc', -1],
        ['c', -5],
      ],
      1,
    );
    expect(few.encode('ab')).toEqual([1, 3, 4]);
    expect(few.encode('abc')).toEqual([1, 3, 5]);
  });
});
