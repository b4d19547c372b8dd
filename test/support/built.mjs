// `node --import ./test/support/built.mjs FILE.ts` runs TypeScript of the tests against the build: what it imports from
// `src` comes from `dist`, so that a process starts as quickly as a real one.
import { register } from 'node:module';

register('./typescript-hooks.mjs', import.meta.url);
register('./built-hooks.mjs', import.meta.url);
