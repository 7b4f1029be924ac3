import { expect, test } from '@jest/globals';
import type { LogEntry } from '../../src/log/cluster-log.ts';
import { CatchUp } from '../../src/lanes/catch-up.ts';
import { Followed } from '../../src/lanes/followed.ts';
import type { Lane } from '../../src/lanes/lane.ts';
import { Tap } from '../../src/lanes/tap.ts';

const listener = { onEntry: () => undefined, onSent: () => undefined, onGap: () => undefined };
const follow = (topic: string, last: string): Followed =>
  Object.assign(new Followed(topic, listener, () => Promise.resolve()), { last });
const entry = (position: string, previous: string): LogEntry => ({
  position,
  previous,
  body: Buffer.alloc(0),
});

test('what a node that is behind hands out meanwhile of a topic is not given before where the topic begins', async () => {
  const [a, b] = [follow('a', '2-0'), follow('b', '2-0')];
  const taps: Tap[] = [];
  const lane: Pick<Lane, 'tap'> = {
    tap(topics) {
      taps.push(new Tap(topics));
      return taps.at(-1) as Tap;
    },
  };
  const catchUp = new CatchUp({ read: () => Promise.resolve([]) }, lane as Lane);
  const given: string[] = [];
  const take = (topic: string, { position }: LogEntry): boolean => given.push(`${topic} ${position}`) > 0;
  const topics = [
    { followed: a, after: '2-0' },
    { followed: b, after: '4-0' },
  ];
  expect(await catchUp.read(topics, { take, gap: () => undefined })).toBe(true);
  // One of both topics comes once for each.
  taps[0]?.add('b', entry('3-0', '2-0'));
  taps[0]?.add('b', entry('4-0', '3-0'));
  taps[0]?.add('a', entry('4-0', '2-0'));
  taps[0]?.add('b', entry('5-0', '4-0'));
  expect(catchUp.finish({ take })).toBe(true);
  expect([given, catchUp.cursor]).toEqual([['a 4-0', 'b 5-0'], '5-0']);
});
