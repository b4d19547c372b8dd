// Runs Intake on a machine that has nothing but Node and npm: sets up what is missing or changed, then starts
// everything in this process, so that signals and the exit code are its own. Arguments go to `intake up`.
import './setup/node-version.mjs';

const { orExplain } = await import('./setup/fault.mjs');
const { prepare } = await import('./setup/prepare.mjs');
const { resolve } = await import('node:path');
const { pathToFileURL } = await import('node:url');

await orExplain(prepare);
// A closed terminal asks us to end as politely as anybody.
process.once('SIGHUP', () => process.kill(process.pid, 'SIGTERM'));
endWithNpm();
const program = resolve('dist/main.cli.js');
process.argv = [process.argv[0], program, 'up', ...process.argv.slice(2)];
await import(pathToFileURL(program).href);

/** npm hands SIGTERM to the shell between us, which dies of it and says nothing: a lost parent is our signal. */
function endWithNpm() {
  if (!process.env.npm_lifecycle_event) return;
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    process.kill(process.pid, 'SIGTERM');
  }, 250);
  watch.unref();
}
