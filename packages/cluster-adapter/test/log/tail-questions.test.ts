import { expect, test } from '@jest/globals';
import { origin } from '../../src/log/cluster-log.ts';
import { TailQuestions } from '../../src/log/tail-questions.ts';

/** Answers `<topic>-0`, and nothing for `none`. */
function start() {
  const asked: string[][] = [];
  const questions = new TailQuestions((topics) => {
    asked.push([...topics]);
    return Promise.resolve(topics.map((topic) => (topic === 'none' ? null : `${topic}-0`)));
  });
  return { asked, questions };
}

test('what is asked in one turn of the event loop is asked at once, and each has its answer', async () => {
  const { asked, questions } = start();
  const first = questions.of(['1', 'none']);
  await Promise.resolve();
  const answers = await Promise.all([first, questions.of(['2']), questions.of(['none', '3'])]);
  expect(answers).toEqual([['1-0', origin], ['2-0'], [origin, '3-0']]);
  expect(await questions.of(['4'])).toEqual(['4-0']);
  expect(asked).toEqual([['1', 'none', '2', 'none', '3'], ['4']]);
});

test('what has to come behind waits for no turn to end, and no command grows too long', async () => {
  const { asked, questions } = start();
  questions.putNow();
  const answers = [questions.of(['1'])];
  questions.putNow();
  expect(asked).toEqual([['1']]);
  const many = Array.from({ length: 999 }, (_, n) => String(n));
  answers.push(questions.of(many), questions.of(['2', '3']));
  expect(asked).toEqual([['1'], many]);
  expect((await Promise.all(answers)).map((one) => one.at(-1))).toEqual(['1-0', '998-0', '3-0']);
});

test('an answer that does not come is missed by all who asked, and by nobody later', async () => {
  let fails = true;
  const questions = new TailQuestions((topics) => {
    if (!fails) return Promise.resolve([...topics]);
    fails = false;
    return Promise.reject(new Error('away'));
  });
  const asked = await Promise.allSettled([questions.of(['1']), questions.of(['2'])]);
  expect(asked.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(await questions.of(['3'])).toEqual(['3']);
});
