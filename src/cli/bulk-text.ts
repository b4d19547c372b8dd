import type { OperationView } from '../operations/operations.contract.js';
import type { BulkPreview, DeadLetterCause } from '../queue/bulk.contract.js';
import { moment, renderFacts, renderTable, shorten } from './table.js';

const HEAD = ['COUNT', 'FINGERPRINT', 'QUEUE', 'TYPE', 'ERROR', 'LAST SEEN', 'SAMPLE', 'MESSAGE'];
const MAX_MESSAGE = 60;

export function causesTable(causes: readonly DeadLetterCause[]): string {
  const rows = causes.map((cause) => [
    cause.count,
    cause.fingerprint,
    cause.queue,
    cause.type,
    cause.error_code,
    moment(cause.last_seen_at),
    cause.sample_task_id,
    cause.message && shorten(cause.message, MAX_MESSAGE),
  ]);
  return renderTable(HEAD, rows);
}

export function previewText({ matched, by_status, by_fingerprint }: BulkPreview): string {
  const facts = renderFacts({ 'would change': `${matched} tasks`, ...by_status });
  return by_fingerprint.length > 0 ? `${facts}\n\n${causesTable(by_fingerprint)}` : facts;
}

export function operationText(operation: OperationView): string {
  const { operation_id, status, total, done, skipped, skips, error } = operation;
  const facts = renderFacts({
    operation: operation_id,
    status,
    total,
    done,
    skipped,
    ...(error ? { error: `${error.code}: ${error.message}` } : {}),
  });
  const reasons = skips.map(({ id, reason }) => [id, reason]);
  return reasons.length > 0 ? `${facts}\n\n${renderTable(['SKIPPED', 'WHY'], reasons)}` : facts;
}
