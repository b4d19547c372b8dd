// Describes the optional packages of other platforms in package-lock.json, so that `npm ci` accepts it everywhere.
// Run it after each change of a dependency. With --check it only says what is missing, and exits 1.
import { readFileSync, writeFileSync } from 'node:fs';
import { addresses, completed, missingOptionals } from './setup/lock-file.mjs';

const FILE = new URL('../package-lock.json', import.meta.url);
const lock = JSON.parse(readFileSync(FILE, 'utf8'));
const faults = [
  ...missingOptionals(lock).map(
    ({ parent, name, version }) => `${name}@${version}, which ${parent} asks for, is not described`,
  ),
  ...addresses(lock).map((path) => `${path} holds a download address`),
];

for (const fault of faults) console.log(fault);
if (process.argv.includes('--check')) {
  if (faults.length > 0) console.log('Run: node scripts/complete-lock.mjs');
  process.exitCode = faults.length > 0 ? 1 : 0;
} else if (faults.length > 0) {
  writeFileSync(FILE, `${JSON.stringify(completed(lock), null, 2)}\n`);
  console.log(`Completed ${faults.length} entries.`);
}
