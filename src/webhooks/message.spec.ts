import { describe, expect, it } from 'vitest';
import { TaskView } from '../tasks/tasks.contract.js';
import { MAX_BODY_BYTES, taskMessage } from './message.js';

const example = TaskView.parse((TaskView.meta() as { examples: unknown[] }).examples[0]);
const large = 'ü'.repeat(MAX_BODY_BYTES / 2);
const told = (task: Partial<TaskView>) =>
  (JSON.parse(taskMessage({ ...example, ...task })) as { data: TaskView & { omitted?: string[] } }).data;

describe('a message', () => {
  it('says what ended, when and how', () => {
    expect(JSON.parse(taskMessage(example))).toEqual({
      type: 'task.completed',
      timestamp: example.finished_at,
      data: example,
    });
  });

  it.each([
    [{ payload: large }, ['payload']],
    [{ result: large }, ['result']],
    [{ payload: large, result: large }, ['payload', 'result']],
  ] as const)('leaves out no more than it must', (task, omitted) => {
    const data = told(task);
    expect(data.omitted).toEqual(omitted);
    expect([data.payload === null, data.result === null]).toEqual([
      data.omitted?.includes('payload'),
      data.omitted?.includes('result'),
    ]);
    expect(Buffer.byteLength(taskMessage({ ...example, ...task }))).toBeLessThanOrEqual(MAX_BODY_BYTES);
  });
});
