import { expect, test } from '@jest/globals';
import { formatTraceparent, parseTraceparent } from '@sluice/telemetry';

const traceId = '5b8efff798038103d269b633813fc60c';
const spanId = 'eee19b7ec3c1b174';

test.each([
  ['01', 1],
  ['00', 0],
  // Flags that later versions may give a meaning are not ours to hand on.
  ['03', 1],
  ['fe', 0],
])('a traceparent with the flags %s is read', (flags, traceFlags) => {
  const spanContext = parseTraceparent(`00-${traceId}-${spanId}-${flags}`);
  expect(spanContext).toEqual({ traceId, spanId, traceFlags, isRemote: true });
  expect(formatTraceparent(spanContext as NonNullable<typeof spanContext>)).toBe(
    `00-${traceId}-${spanId}-0${traceFlags}`,
  );
});

test('one of a later version may say more', () => {
  expect(parseTraceparent(`cc-${traceId}-${spanId}-01-what-comes`)).toMatchObject({ traceId, spanId });
});

test.each([
  undefined,
  null,
  7,
  {},
  [],
  '',
  'x',
  traceId,
  `00-${traceId}-${spanId}`,
  `00-${traceId}-${spanId}-1`,
  `00-${traceId}-${spanId}-01-more`,
  `00-${traceId}-${spanId}-01\n`,
  ` 00-${traceId}-${spanId}-01`,
  `ff-${traceId}-${spanId}-01`,
  `cc-${traceId}-${spanId}-01more`,
  `00-${traceId.toUpperCase()}-${spanId}-01`,
  `00-${'0'.repeat(32)}-${spanId}-01`,
  `00-${traceId}-${'0'.repeat(16)}-01`,
  `cc-${traceId}-${spanId}-01-${'x'.repeat(300)}`,
])('%j is no traceparent', (value) => {
  expect(parseTraceparent(value)).toBeUndefined();
});
