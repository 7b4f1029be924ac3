import { expect, test } from '@jest/globals';
import { loggedError } from '../src/logged-error.ts';

const secret = 'what somebody wrote';

function syntaxError(): unknown {
  try {
    return JSON.parse(secret);
  } catch (error) {
    return error;
  }
}

test('an error is logged with its causes, its code and where it came from', () => {
  const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED', port: 1 });
  const away = new AggregateError([refused, new Error('elsewhere')]);
  const logged = loggedError(Object.assign(new TypeError('no way', { cause: away }), { code: 'no_way' }));
  expect(logged).toEqual({
    type: 'TypeError',
    message: 'no way: connect ECONNREFUSED; elsewhere',
    code: 'no_way',
    stack: expect.stringMatching(
      /^TypeError: no way\n +at .*logged-error.test.ts[^]*\ncaused by: AggregateError: connect ECONNREFUSED; elsewhere\n +at /,
    ),
  });
});

test('nothing is logged that it carries along, or that JSON.parse quotes', () => {
  expect(String(syntaxError())).toContain(secret.slice(0, 8));
  const request = Object.assign(new Error('bad request'), {
    body: secret,
    headers: { authorization: secret },
  });
  for (const error of [
    request,
    syntaxError(),
    new Error('unreadable', { cause: syntaxError() }),
    new AggregateError([syntaxError(), request]),
    secret,
    { message: secret },
    new Error('thrown on', { cause: secret }),
  ]) {
    const text = JSON.stringify(loggedError(error));
    expect(text).not.toContain(secret.slice(0, 8));
    expect(text.length).toBeGreaterThan(30);
  }
});

test('errors that cause each other come to an end', () => {
  const [one, other] = [new Error('one'), new Error('other')];
  one.cause = other;
  other.cause = one;
  expect(loggedError(one).message).toBe('one: other');
  expect(loggedError(undefined)).toMatchObject({ type: 'undefined' });
});
