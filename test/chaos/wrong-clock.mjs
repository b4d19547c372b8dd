// Preloaded into a process: whatever it reads from the wall clock is CHAOS_CLOCK_SHIFT_MS wrong. Threads load it too.
const shiftMs = Number(process.env['CHAOS_CLOCK_SHIFT_MS']);
const RightDate = globalThis.Date;
const nowMs = () => RightDate.now() + shiftMs;

globalThis.Date = new Proxy(RightDate, {
  construct: (target, args, self) => Reflect.construct(target, args.length > 0 ? args : [nowMs()], self),
  apply: () => new RightDate(nowMs()).toString(),
  get: (target, key) => (key === 'now' ? nowMs : Reflect.get(target, key)),
});
