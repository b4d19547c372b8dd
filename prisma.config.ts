import { defineConfig } from 'prisma/config';

// `generate` never runs the schema engine but insists on its file, which it would fetch from Prisma's own server.
// Any existing file will do. Other commands need the real one and may fetch it.
if (process.argv.includes('generate')) process.env['PRISMA_SCHEMA_ENGINE_BINARY'] ??= process.execPath;

export default defineConfig({ schema: 'prisma/schema', migrations: { path: 'prisma/migrations' } });
