/** What a set of sources adds up to: two sets with the same tally hold the same sources in the same generations. */
export interface Tally {
  sources: number;
  points: number;
  /** Of every tenant, source and generation, whatever their order. */
  digest: string;
}

/**
 * The columns of a {@link Tally} over the rows of a query, as whoever owns sources and the vectors' own rows both
 * compute them.
 * @param row SQL expressions
 */
export function tallyColumns(row: {
  tenant: string;
  source: string;
  generation: string;
  points: string;
}): string {
  const name = `${row.tenant} || chr(31) || ${row.source} || chr(31) || ${row.generation}`;
  return `count(*)::int AS sources, coalesce(sum(${row.points}), 0)::int AS points,
    coalesce(sum(hashtextextended(${name}, 0)::numeric), 0)::text AS digest`;
}
