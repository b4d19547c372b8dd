import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** One connection through a wire: the client's end and the server's. */
export interface Strand {
  readonly near: Socket;
  readonly far: Socket;
}

/** The way to a server on loopback, which can be cut in silence: connections stay open and nothing arrives. */
export class Wire {
  private readonly strands = new Set<Strand>();
  private isCut = false;
  private readonly server: Server;

  protected constructor(private port: number) {
    this.server = createServer((near) => this.join(near));
  }

  static to(port: number): Promise<Wire> {
    return new Wire(port).listen();
  }

  /** The same URL, by way of this wire. */
  through(url: string): string {
    const changed = new URL(url);
    changed.port = String((this.server.address() as AddressInfo).port);
    return changed.href;
  }

  cut(): void {
    this.isCut = true;
    for (const { near, far } of this.strands) for (const end of [near, far]) end.pause();
  }

  mend(): void {
    this.isCut = false;
    for (const { near, far } of this.strands) for (const end of [near, far]) end.resume();
  }

  /** From now on it leads to another server; who is connected is hung up on. */
  lead(port: number): void {
    this.port = port;
    for (const strand of this.strands) this.tear(strand);
  }

  async close(): Promise<void> {
    for (const strand of this.strands) this.tear(strand);
    this.server.close();
    await once(this.server, 'close');
  }

  protected async listen(): Promise<this> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    return this;
  }

  protected tear({ near, far }: Strand): void {
    near.destroy();
    far.destroy();
  }

  /** What the client said. */
  protected onRequest({ far }: Strand, bytes: Buffer): void {
    far.write(bytes);
  }

  /** What the server answered. */
  protected onReply({ near }: Strand, bytes: Buffer): void {
    near.write(bytes);
  }

  private join(near: Socket): void {
    const strand = { near, far: connect(this.port, '127.0.0.1') };
    this.strands.add(strand);
    strand.near.on('data', (bytes) => this.onRequest(strand, bytes));
    strand.far.on('data', (bytes) => this.onReply(strand, bytes));
    for (const end of [strand.near, strand.far]) {
      end.on('error', () => end.destroy());
      end.on('close', () => {
        this.strands.delete(strand);
        this.tear(strand);
      });
      if (this.isCut) end.pause();
    }
  }
}
