import { CLAIM } from '../../src/tasks/claim.sql.js';
import { SETTLE } from '../../src/tasks/settle.sql.js';
import { SUBMIT } from '../../src/tasks/submit.sql.js';
import { Wire, type Strand } from '../support/wire.js';

/** Transactions of the core, told apart by the statement in them. */
export type Step = 'submit' | 'claim' | 'settle';

const STEPS: ReadonlyMap<string, Step> = new Map([
  [SUBMIT, 'submit'],
  [CLAIM, 'claim'],
  [SETTLE, 'settle'],
]);
/** CommandComplete of a COMMIT, as Postgres' protocol 3.0 writes it. */
const COMMITTED = Buffer.from('C\0\0\0\x0bCOMMIT\0', 'latin1');

/** What one client said so far: enough of the protocol to know which statements its transaction holds. */
class Conversation {
  private rest: Buffer = Buffer.alloc(0);
  private hasStarted = false;
  private readonly statements = new Map<string, Step | undefined>();
  readonly steps = new Set<Step>();

  hear(bytes: Buffer): void {
    this.rest = Buffer.concat([this.rest, bytes]);
    for (;;) {
      const head = this.hasStarted ? 1 : 0;
      if (this.rest.length < head + 4) return;
      const end = head + this.rest.readInt32BE(head);
      if (this.rest.length < end) return;
      if (this.hasStarted) this.read(String.fromCharCode(this.rest[0] ?? 0), this.rest.subarray(5, end));
      this.hasStarted = true;
      this.rest = this.rest.subarray(end);
    }
  }

  private read(kind: string, body: Buffer): void {
    if (kind === 'P') {
      const [name = '', sql = ''] = body.toString().split('\0');
      this.statements.set(name, STEPS.get(sql));
    }
    if (kind === 'B') {
      const [, name = ''] = body.subarray(0, 200).toString('latin1').split('\0');
      const step = this.statements.get(name);
      if (step) this.steps.add(step);
    }
    if (kind === 'Q' && body.toString('latin1', 0, 5) === 'BEGIN') this.steps.clear();
  }
}

/** The way to Postgres, on which the reply to a COMMIT may get lost together with the connection. */
export class PostgresWire extends Wire {
  private readonly conversations = new WeakMap<Strand, Conversation>();
  private readonly toLose = new Map<Step, number>();
  /** Replies lost so far. */
  lost = 0;

  static override to(port: number): Promise<PostgresWire> {
    return new PostgresWire(port).listen();
  }

  /** The next `count` transactions with this step commit, and nobody hears of it. */
  loseReplies(step: Step, count: number): void {
    this.toLose.set(step, count);
  }

  protected override onRequest(strand: Strand, bytes: Buffer): void {
    const conversation = this.conversations.get(strand) ?? new Conversation();
    this.conversations.set(strand, conversation);
    conversation.hear(bytes);
    super.onRequest(strand, bytes);
  }

  protected override onReply(strand: Strand, bytes: Buffer): void {
    if (bytes.includes(COMMITTED) && this.mayLose(strand)) this.tear(strand);
    else super.onReply(strand, bytes);
  }

  private mayLose(strand: Strand): boolean {
    const step = [...(this.conversations.get(strand)?.steps ?? [])].find((one) => this.toLose.get(one));
    if (!step) return false;
    this.toLose.set(step, (this.toLose.get(step) ?? 1) - 1);
    this.lost += 1;
    return true;
  }
}
