/** A piece of the vocabulary and its log probability; its place in the list is its id. */
export type ScoredPiece = readonly [piece: string, score: number];

/** Stands for a space, so that word starts are part of the pieces. */
const SPACE = '\u2581';
const UNKNOWN = 0;
/** How much worse an unknown character is than the worst piece, as in SentencePiece. */
const UNKNOWN_PENALTY = 10;

interface TrieNode {
  readonly next: Map<string, TrieNode>;
  /** Set where a piece ends. */
  id?: number;
  score?: number;
}

/**
 * SentencePiece's unigram segmentation: the most probable way to cut a text into pieces of the vocabulary, found by
 * Viterbi over a trie in time linear in the text. Source: Kudo, "Subword Regularization", 2018.
 */
export class UnigramTokenizer {
  private readonly root: TrieNode = { next: new Map() };
  private readonly unknownScore: number;

  /** @param reserved how many leading entries of the vocabulary are control symbols, which no text may spell */
  constructor(vocabulary: readonly ScoredPiece[], reserved: number) {
    let worst = 0;
    vocabulary.forEach(([piece, score], id) => {
      if (id < reserved) return;
      this.add(piece, score, id);
      worst = Math.min(worst, score);
    });
    this.unknownScore = worst - UNKNOWN_PENALTY;
  }

  /** @returns ids of the pieces, a run of unknown characters as one unknown id; empty for a blank text */
  encode(text: string): number[] {
    const symbols = normalise(text);
    const { ids, starts } = this.bestCuts(symbols);
    const encoded: number[] = [];
    for (let end = symbols.length; end > 0; end = starts[end]) {
      const id = ids[end];
      if (id !== UNKNOWN || encoded.at(-1) !== UNKNOWN) encoded.push(id);
    }
    return encoded.toReversed();
  }

  /** For each position the last piece of the best segmentation up to there, and where that piece starts. */
  private bestCuts(symbols: readonly string[]): { ids: Int32Array; starts: Int32Array } {
    const scores = new Float64Array(symbols.length + 1).fill(-Infinity);
    const ids = new Int32Array(symbols.length + 1);
    const starts = new Int32Array(symbols.length + 1);
    scores[0] = 0;
    const offer = (start: number, end: number, id: number, score: number) => {
      const total = scores[start] + score;
      if (total <= scores[end]) return;
      scores[end] = total;
      ids[end] = id;
      starts[end] = start;
    };
    for (let start = 0; start < symbols.length; start += 1) {
      offer(start, start + 1, UNKNOWN, this.unknownScore);
      let node = this.root.next.get(symbols[start]);
      for (let end = start + 1; node; end += 1) {
        if (node.id !== undefined) offer(start, end, node.id, node.score ?? 0);
        node = node.next.get(symbols[end]);
      }
    }
    return { ids, starts };
  }

  private add(piece: string, score: number, id: number): void {
    let node = this.root;
    for (const symbol of piece) {
      let next = node.next.get(symbol);
      if (!next) node.next.set(symbol, (next = { next: new Map() }));
      node = next;
    }
    node.id = id;
    node.score = score;
  }
}

/** NFKC, control characters dropped, white space of any kind and length as one space mark, one mark in front. */
function normalise(text: string): string[] {
  const plain = text
    .normalize('NFKC')
    .replace(/[^\P{C}\s]/gu, '')
    .replace(/\s+/g, ' ')
    .trim();
  return plain === '' ? [] : Array.from(SPACE + plain.replaceAll(' ', SPACE));
}
