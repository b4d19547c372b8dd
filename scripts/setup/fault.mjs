/** A failure whose text tells a user what is wrong and what to do. */
export class SetupFault extends Error {}

/** Runs the main function of a script; every failure becomes plain text and exit code 1, never a stack trace. */
export async function orExplain(main) {
  try {
    await main();
  } catch (error) {
    console.error(error instanceof SetupFault ? error.message : `The set-up failed: ${explain(error)}`);
    process.exit(1);
  }
}

function explain(error) {
  if (error?.code === 'ENOSPC') return 'the disk is full. Free some space and start again.';
  if (error?.code === 'EACCES' || error?.code === 'EPERM') {
    return `${error.path ?? 'a file'} cannot be read or written by this user. Give the folder to this user and start again.`;
  }
  return error?.message ?? String(error);
}
