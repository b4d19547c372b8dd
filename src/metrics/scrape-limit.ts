/** A scrape must not hang because what it asks about does. */
export const SCRAPE_LIMIT_MS = 2_000;
