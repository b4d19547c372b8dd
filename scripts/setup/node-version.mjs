// Imported before anything else, and written so that a Node of ten years ago can read it.
const NEEDED = [20, 19];

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < NEEDED[0] || (major === NEEDED[0] && minor < NEEDED[1])) {
  console.error(
    `Intake needs Node ${NEEDED.join('.')} or newer, and this is ${process.versions.node}. Install it from https://nodejs.org and start again.`,
  );
  process.exit(1);
}
