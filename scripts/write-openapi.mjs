// Writes openapi.json from the build. usage: npm run openapi
import { writeFileSync } from 'node:fs';

const { openApiDocument } = await import('../dist/apps/openapi-document.js');
writeFileSync('openapi.json', await openApiDocument());
console.log('openapi.json is current');
process.exit(0);
