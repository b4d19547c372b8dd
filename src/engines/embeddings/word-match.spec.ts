import { describe, expect, it } from 'vitest';
import { UnigramTokenizer, type ScoredPiece } from './unigram-tokenizer.js';
import { WordMatch } from './word-match.js';

const PIECES: [piece: string, score: number, vector: number[]][] = [
  ['?', 0, [1, 0, 0]],
  ['▁the', -2, [0, 0, 1]],
  ['▁car', -9, [1, 1, 0]],
  ['▁lorry', -11, [5, 4, 0]],
  ['▁red', -7, [0, 1, 0]],
  ['▁soup', -8, [1, -1, 0]],
];
const vocabulary: ScoredPiece[] = PIECES.map(([piece, score]) => [piece, score]);
const vectors = Float32Array.from(PIECES.flatMap(([, , vector]) => vector));
const match = new WordMatch(new UnigramTokenizer(vocabulary, 1), vocabulary, vectors, 3);

const score = (question: string, passage: string) => match.score(question, [passage])[0];

describe('word match', () => {
  it('is 1 when the passage holds every telling word, whatever else it holds and however it is written', () => {
    expect(score('the red car', 'Soup the CAR soup Red')).toBe(1);
  });

  it('counts near words nearly as much as equal ones, and far ones not at all', () => {
    expect(score('lorry', 'the car')).toBeCloseTo(9 / Math.sqrt(82), 5);
    expect(score('car', 'soup')).toBe(0);
  });

  it('weighs a word by how rare it is, and common ones by nothing', () => {
    expect(score('red soup', 'the soup')).toBeCloseTo(4 / 7, 5);
    expect(score('the soup', 'soup')).toBe(1);
  });

  it('is 0 for a question of common words, an empty one and an empty passage', () => {
    expect([score('the the', 'the'), score('', 'car'), score('car', '')]).toEqual([0, 0, 0]);
  });
});
