/** Whose things are to be erased. */
export type Whose = { user_id: string } | { all: true };

export function whoseQuery(whose: Whose): Record<string, string> {
  return 'all' in whose ? { all: 'true' } : { user_id: whose.user_id };
}
