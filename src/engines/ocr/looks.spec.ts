import { expect, it } from 'vitest';
import { readBest, type Attempt } from './looks.js';

const row = (text: string, confidence: number, box = '0\t0\t90\t10') =>
  `5\t1\t1\t1\t1\t1\t${box}\t${confidence}\t${text}`;

/** An engine that answers by the way the picture lies, and notes what it was asked. */
function engine(answer: (attempt: Attempt) => string) {
  const asked: string[] = [];
  const look = async (attempt: Attempt) => {
    asked.push(`${attempt.rotation} ${attempt.threshold}`);
    return answer(attempt);
  };
  return { asked, look };
}
const patient = { sideways: false, patienceMs: 60_000 };

it('is content with a first look that reads well', async () => {
  const { asked, look } = engine(() => row('invoice', 95));
  const best = await readBest(look, patient);
  expect(best).toMatchObject({ rotation: 0, threshold: 'otsu', confidence: 0.95 });
  expect(asked).toEqual(['0 otsu']);
});

it('tries the other threshold when it is in doubt, and keeps the better', async () => {
  const { asked, look } = engine(({ threshold }) => row('invoice', threshold === 'otsu' ? 80 : 75));
  expect(await readBest(look, patient)).toMatchObject({ threshold: 'otsu' });
  expect(asked).toEqual(['0 otsu', '0 sauvola']);
});

it('turns the picture when it makes no sense, until it does', async () => {
  const { asked, look } = engine(({ rotation }) =>
    row(rotation === 90 ? 'invoice' : 'eɔ!oʌu', rotation === 90 ? 90 : 30),
  );
  expect(await readBest(look, patient)).toMatchObject({ rotation: 90 });
  expect(asked).toEqual(['0 otsu', '0 sauvola', '180 otsu', '90 otsu']);
});

it('begins with a quarter turn when the lines run from top to bottom', async () => {
  const { asked, look } = engine(({ rotation }) => row('invoice', rotation === 270 ? 90 : 20));
  expect(await readBest(look, { ...patient, sideways: true })).toMatchObject({ rotation: 270 });
  expect(asked).toEqual(['90 otsu', '90 sauvola', '270 otsu']);
});

it('prefers many good words to a sure one', async () => {
  const { look } = engine(({ rotation }) =>
    rotation === 180
      ? ['the', 'invoice', 'is', 'due'].map((text) => row(text, 61)).join('\n')
      : [row('II', 99), row('rnvo', 10), row('~~~~~~~~~~~~~', 20)].join('\n'),
  );
  expect(await readBest(look, patient)).toMatchObject({ rotation: 180 });
});

it('stands a picture up whose lines were read downwards', async () => {
  const { asked, look } = engine(({ rotation }) =>
    row('invoice', 95, rotation === 0 ? '0\t0\t10\t90' : '0\t0\t90\t10'),
  );
  expect(await readBest(look, patient)).toMatchObject({ rotation: 270 });
  expect(asked).toEqual(['0 otsu', '270 otsu']);
});

it('gives up on what shows nothing twice, and when patience is over', async () => {
  const empty = engine(() => '');
  expect(await readBest(empty.look, patient)).toMatchObject({ lines: [], confidence: 0 });
  expect(empty.asked).toEqual(['0 otsu', '0 sauvola']);
  const hasty = engine(() => row('eɔ!oʌu', 30));
  await readBest(hasty.look, { ...patient, patienceMs: 0 });
  expect(hasty.asked).toEqual(['0 otsu']);
});
