import fc from 'fast-check';
import { ENDING_KINDS } from './task-model.js';

/** What can be done to tasks, for the model to agree with. `at` chooses one among those that are there. */
const index = fc.nat(23);
const newTask = fc.record({
  parents: fc.array(index, { maxLength: 3 }),
  policy: fc.constantFrom('fail', 'ignore', 'cancel'),
  start: fc.constantFrom('now', 'now', 'delay', 'later'),
  expires: fc.boolean(),
  deadline: fc.boolean(),
});
export type Wanted = typeof newTask extends fc.Arbitrary<infer T> ? T : never;
const act = <Name extends string>(name: Name) => fc.record({ act: fc.constant(name), at: index });
const claimed = { weight: 6, arbitrary: act('claim') };
const settled = fc.record({
  act: fc.constant('settle' as const),
  at: index,
  how: fc.constantFrom(...ENDING_KINDS),
});
export const command = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      act: fc.constant('submit' as const),
      tasks: fc.array(newTask, { minLength: 1, maxLength: 1 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      act: fc.constant('batch' as const),
      tasks: fc.array(newTask, { minLength: 1, maxLength: 3 }),
    }),
  },
  claimed,
  { weight: 6, arbitrary: settled },
  ...(['dispatch', 'resolve'] as const).map((name) => ({ weight: 3, arbitrary: act(name) })),
  ...(['cancel', 'replay', 'wake', 'lose', 'timeOut'] as const).map((name) => ({
    weight: 2,
    arbitrary: act(name),
  })),
  ...(['expire', 'deadline', 'pausedClaim', 'reprioritise', 'postpone', 'hasten'] as const).map((name) => ({
    weight: 1,
    arbitrary: act(name),
  })),
);
export type Command = typeof command extends fc.Arbitrary<infer T> ? T : never;
