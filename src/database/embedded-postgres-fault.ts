/** Why the embedded Postgres cannot serve: a text for the terminal that says what is wrong and what to do. */
export class EmbeddedPostgresFault extends Error {
  override readonly name = 'EmbeddedPostgresFault';
}

/** Turns an error of the file system into a plain text; anything else passes unchanged. */
export function folderFault(folder: string, error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    return new EmbeddedPostgresFault(
      `The folder ${folder} cannot be read and written by this user. Give it to this user, or choose another with --data-dir.`,
    );
  }
  if (code === 'ENOSPC') return diskFull(folder);
  if (code === 'ENOTDIR' || code === 'EEXIST') {
    return new EmbeddedPostgresFault(`${folder} is not a folder. Choose another with --data-dir.`);
  }
  return error;
}

export function diskFull(folder: string): EmbeddedPostgresFault {
  return new EmbeddedPostgresFault(
    `The disk that holds ${folder} is full. Free some space, or choose another disk with --data-dir.`,
  );
}
