import { createHash } from 'node:crypto';

/**
 * Names for our own statements, under which a connection keeps them parsed and planned. Only for texts that are
 * constants of ours: every name lives as long as its connection.
 */
export class PreparedStatements {
  private readonly names = new Map<string, string>();

  remember(sql: string): void {
    if (this.names.has(sql)) return;
    this.names.set(sql, `intake_${createHash('sha256').update(sql).digest('hex').slice(0, 24)}`);
  }

  /** @returns the statement's name; empty for a text that Prisma made, which is parsed each time */
  nameOf(sql: string): string {
    return this.names.get(sql) ?? '';
  }
}
