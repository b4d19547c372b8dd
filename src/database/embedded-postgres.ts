import { findBinaries } from './embedded-postgres-binaries.js';
import { Cluster } from './embedded-postgres-cluster.js';
import { openHome, removeHome, type Log } from './embedded-postgres-home.js';
import { Server } from './embedded-postgres-server.js';

export interface EmbeddedPostgresOptions {
  /** The folder that everything lives below; made when missing. */
  dataDir: string;
  log: Log;
  /** `false` for test clusters only: no fsync, so that a power cut loses data. */
  durable?: boolean;
}

/**
 * The Postgres that Intake brings along: one server below a data folder, on loopback. It outlives this process:
 * the next start adopts a healthy server, waits for one that recovers and replaces one that is half dead.
 */
export class EmbeddedPostgres {
  private constructor(
    readonly url: string,
    readonly pid: number,
    /** Whether an earlier run had left the server running. */
    readonly adopted: boolean,
    private readonly server: Server,
  ) {}

  /** @throws EmbeddedPostgresFault with a text for the terminal */
  static async start({ dataDir, log, durable = true }: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
    const home = await openHome(dataDir, log);
    const cluster = new Cluster(home, await findBinaries(home, log), durable);
    await cluster.open();
    const server = new Server(cluster, log);
    const { pid, port, adopted } = await server.start();
    return new EmbeddedPostgres(await server.openDatabase(port), pid, adopted, server);
  }

  /** Stops what runs below the data folder and removes its data, wherever it lives. */
  static async remove({ dataDir, log }: EmbeddedPostgresOptions): Promise<void> {
    const home = await openHome(dataDir, log);
    await new Server(new Cluster(home, await findBinaries(home, log), true), log).stop();
    await removeHome(dataDir, home);
  }

  /** Ends all sessions and stops the server; does nothing when it has stopped. */
  stop(): Promise<void> {
    return this.server.stop();
  }
}
