import { chown, mkdtemp, readFile, rename, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ifThere } from '../kernel/if-there.js';
import { diskFull, EmbeddedPostgresFault } from './embedded-postgres-fault.js';
import { freePort, openSettings, writeSettings, type Home, type Settings } from './embedded-postgres-home.js';
import { run, type Outcome } from './embedded-postgres-process.js';

/** A fresh cluster takes 40 MB, and Postgres wants room for its log of changes. */
const DISK_NEEDED_BYTES = 250 * 1024 ** 2;
const LOG_LIMIT_BYTES = 10 * 1024 ** 2;
const NAMELESS = 'could not look up effective user ID';
/** Not `intake`: a schema named like the user, as the Postgres transport makes one, would come first in its search path. */
const SUPERUSER = 'postgres';
const NAMELESS_CURE =
  'This user has no name on this machine, and Postgres insists on one. Add the user to /etc/passwd, start as another, or set DATABASE_URL to a Postgres 14+ server of your own.';

const SETTINGS = `# Written by Intake at every start.
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 200
`;
const TEST_SETTINGS = `fsync = off
synchronous_commit = off
full_page_writes = off
`;

/** One data folder of Postgres with its settings, and the programs that work on it. */
export class Cluster {
  readonly data: string;
  private readonly serverLog: string;
  private settings: Settings = { port: 0, password: '' };

  constructor(
    private readonly home: Home,
    /** The folder of `postgres`, `initdb` and `pg_ctl`. */
    private readonly bin: string,
    private readonly durable: boolean,
  ) {
    this.data = join(home.folder, 'data');
    this.serverLog = join(home.folder, 'server.log');
  }

  /** The port to start on. */
  get port(): number {
    return this.settings.port;
  }

  /** Reads the settings, and makes what is missing. */
  async open(): Promise<void> {
    const exists = (await ifThere(stat(this.data)))?.isDirectory() ?? false;
    this.settings = await openSettings(this.home, exists);
    if (!exists) await this.create();
  }

  urlOf(port: number, database: string): string {
    return `postgresql://${SUPERUSER}:${this.settings.password}@127.0.0.1:${port}/${database}`;
  }

  async chooseAnotherPort(): Promise<void> {
    this.settings = { ...this.settings, port: await freePort() };
    await writeSettings(this.home, this.settings);
  }

  /** Starts the server in the background and waits for it. @returns `null`, or what its log says when it did not come up */
  async launch(): Promise<string | null> {
    const configuration = join(this.data, 'intake.conf');
    await writeFile(configuration, this.durable ? SETTINGS : SETTINGS + TEST_SETTINGS);
    await this.own(configuration);
    const logged = await this.rotateLog();
    const where = ['-l', this.serverLog, '-o', `-p ${this.settings.port}`];
    const { code } = await this.control('start', '-w', '-t', '60', ...where);
    return code === 0 ? null : this.serverLogSince(logged);
  }

  /** Stops the server and waits for it: `fast` ends sessions in order, `immediate` leaves a repair to the next start. */
  async halt(mode: 'fast' | 'immediate', seconds: number): Promise<boolean> {
    return (await this.control('stop', '-m', mode, '-w', '-t', String(seconds))).code === 0;
  }

  /** Puts what Postgres said into a text for the terminal. */
  explain(what: string, text: string): EmbeddedPostgresFault {
    if (/no space left on device/i.test(text)) return diskFull(this.home.folder);
    if (text.includes(NAMELESS)) return new EmbeddedPostgresFault(NAMELESS_CURE);
    const lines = text.split('\n').map((line) => line.trim());
    const reason = lines.findLast((line) => /FATAL|PANIC|error|could not/i.test(line)) ?? 'it gave no reason';
    return new EmbeddedPostgresFault(
      `${what}: ${reason}. Its log is ${this.serverLog}; --clean starts afresh and gives up the data.`,
    );
  }

  /** Builds the cluster in a folder of its own and renames it, so that a killed start leaves no half cluster. */
  private async create(): Promise<void> {
    const { bavail, bsize } = await statfs(this.home.folder);
    if (bavail * bsize < DISK_NEEDED_BYTES) throw diskFull(this.home.folder);

    const build = await mkdtemp(join(this.home.folder, 'new-'));
    try {
      const made = await this.createIn(build);
      await rename(made, this.data).catch((error: NodeJS.ErrnoException) => {
        // Another starter was faster, with the same password: its cluster is as good as ours.
        if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
      });
    } finally {
      await rm(build, { recursive: true, force: true });
    }
  }

  private async createIn(build: string): Promise<string> {
    const [passwordFile, data] = [join(build, 'password'), join(build, 'data')];
    await writeFile(passwordFile, this.settings.password, { mode: 0o600 });
    await this.own(build, passwordFile);
    const login = [`--username=${SUPERUSER}`, '--auth=scram-sha-256', `--pwfile=${passwordFile}`];
    const sync = this.durable ? [] : ['--no-sync'];
    const { code, text } = await this.initdb('--locale=C', '--encoding=UTF8', ...login, ...sync, '-D', data);
    if (code !== 0) throw this.explain('Postgres could not make its data folder', text);
    await writeFile(join(data, 'postgresql.conf'), "\ninclude 'intake.conf'\n", { flag: 'a' });
    return data;
  }

  /** `initdb` insists that its user has a name, which a container's user often lacks: it gets a borrowed one. */
  private async initdb(...args: string[]): Promise<Outcome> {
    const program = join(this.bin, 'initdb');
    const outcome = await this.run(program, ...args);
    if (!outcome.text.includes(NAMELESS)) return outcome;
    const borrowed = ['--user', '--map-user=65534', '--map-group=65534'];
    const again = await this.run('/usr/bin/unshare', ...borrowed, program, ...args);
    return again.code === 0 ? again : outcome;
  }

  private control(...args: string[]): Promise<Outcome> {
    return this.run(join(this.bin, 'pg_ctl'), ...args, '-D', this.data);
  }

  private run(program: string, ...args: string[]): Promise<Outcome> {
    return run(program, args, this.home.owner, this.home.folder);
  }

  private async own(...files: string[]): Promise<void> {
    const { owner } = this.home;
    if (owner) await Promise.all(files.map((file) => chown(file, owner.uid, owner.gid)));
  }

  /** @returns the length of the log before the start */
  private async rotateLog(): Promise<number> {
    const size = (await ifThere(stat(this.serverLog)))?.size ?? 0;
    if (size <= LOG_LIMIT_BYTES) return size;
    await rename(this.serverLog, `${this.serverLog}.1`);
    return 0;
  }

  /** It only adds to a fault, which is told without it too. */
  private async serverLogSince(offset: number): Promise<string> {
    const text = await readFile(this.serverLog).catch(() => Buffer.alloc(0));
    return text.subarray(offset).toString('utf8');
  }
}
