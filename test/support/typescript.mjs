// `node --import ./test/support/typescript.mjs FILE.ts` runs TypeScript as it stands, for tests that need a process.
import { register } from 'node:module';

register('./typescript-hooks.mjs', import.meta.url);
