import pg from 'pg';

/**
 * An error that no one listens for ends the process, and Postgres may send one in the same packet as its welcome, before
 * whoever asked for the connection has been told of it. The loss itself is heard by whoever uses the client next.
 */
export function heard(client: { on(event: 'error', listener: () => void): unknown }): void {
  client.on('error', () => undefined);
}

/** {@link heard} from the start. */
export class HeardClient extends pg.Client {
  constructor(options: pg.ClientConfig) {
    super(options);
    heard(this);
  }
}
