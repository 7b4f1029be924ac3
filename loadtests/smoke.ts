/**
 * A minute's look at a running cluster: members of a few rooms send numbered texts and check what they hear. It fails on
 * a message lost, repeated or out of its sender's order, and not only where it is slow.
 *
 *   k6 run loadtests/smoke.ts
 *   k6 run -e TARGET=http://localhost:3000 -e MEMBERS=20 -e ROOMS=4 -e SECONDS=20 loadtests/smoke.ts
 */
import http from 'k6/http';
import { Counter, Trend } from 'k6/metrics';
import { setTimeout } from 'k6/timers';
import exec from 'k6/execution';
import type { Options } from 'k6/options';
import { LoadSocket } from './socket.ts';

const target = __ENV['TARGET'] ?? 'http://127.0.0.1:3000';
const members = Number(__ENV['MEMBERS'] ?? 20);
const rooms = Number(__ENV['ROOMS'] ?? 4);
const seconds = Number(__ENV['SECONDS'] ?? 20);
const everyMs = 250;
/** What is under way when sending ends gets so long to arrive. */
const settleMs = 3_000;
/** Time for all members to join before the first text that anybody counts. */
const gatherMs = 4_000;

const ackMs = new Trend('chat_ack_ms', true);
const deliveryMs = new Trend('chat_delivery_ms', true);
const refused = new Counter('chat_refused');
const failed = new Counter('chat_failed');
const sent = new Counter('chat_sent');
const heard = new Counter('chat_heard');
const lost = new Counter('chat_lost');
const repeated = new Counter('chat_repeated');
const disordered = new Counter('chat_disordered');

export const options: Options = {
  scenarios: {
    smoke: {
      executor: 'per-vu-iterations',
      vus: members,
      iterations: 1,
      maxDuration: `${seconds + 30}s`,
    },
  },
  thresholds: {
    chat_refused: ['count==0'],
    chat_failed: ['count==0'],
    chat_lost: ['count==0'],
    chat_repeated: ['count==0'],
    chat_disordered: ['count==0'],
    chat_heard: ['count>0'],
    chat_ack_ms: ['p(95)<1000'],
    chat_delivery_ms: ['p(95)<1000'],
  },
};

interface Run {
  readonly name: string;
  readonly startsAt: number;
  readonly endsAt: number;
}

export function setup(): Run {
  const startsAt = Date.now() + gatherMs;
  return { name: `smoke-${startsAt}`, startsAt, endsAt: startsAt + seconds * 1_000 };
}

function token(user: string): string {
  const response = http.post(`${target}/auth/dev-token`, JSON.stringify({ user }), {
    headers: { 'content-type': 'application/json' },
    tags: { name: 'dev-token' },
  });
  if (response.status !== 200) {
    exec.test.abort(`no development token from ${target}: status ${response.status}`);
  }
  return response.json('token') as string;
}

export default function member(run: Run): void {
  const user = `member-${exec.vu.idInTest}`;
  const room = `${run.name}-${exec.vu.idInTest % rooms}`;
  const socket = new LoadSocket(target, token(user));
  /** Highest number heard of each member of the room. */
  const last = new Map<string, number>();
  let number = 0;

  const send = (): void => {
    if (Date.now() >= run.endsAt) {
      setTimeout(() => finish(), settleMs);
      return;
    }
    number += 1;
    const began = Date.now();
    const payload = { room, text: JSON.stringify([number, began]), clientId: `${run.name}-${number}` };
    socket.emit('message:send', payload, (answer) => {
      if (answer['ok'] !== true) failed.add(1);
      ackMs.add(Date.now() - began);
    });
    sent.add(1);
    setTimeout(send, everyMs);
  };

  const finish = (): void => {
    // The sender's own last number must have come back, and with it all before.
    if ((last.get(user) ?? 0) < number) lost.add(number - (last.get(user) ?? 0));
    socket.close();
  };

  socket.on('refused', () => refused.add(1));
  socket.on('session:ready', () => {
    socket.emit('room:join', { room }, (answer) => {
      if (answer['ok'] !== true) failed.add(1);
      setTimeout(send, Math.max(0, run.startsAt - Date.now()));
    });
  });
  socket.on('message:new', (message) => {
    const from = message['user'] as string;
    const [current, sentAt] = JSON.parse(message['text'] as string) as [number, number];
    const before = last.get(from) ?? 0;
    heard.add(1);
    deliveryMs.add(Date.now() - sentAt);
    if (current === before) repeated.add(1);
    else if (current < before) disordered.add(1);
    else if (current > before + 1) lost.add(current - before - 1);
    last.set(from, Math.max(before, current));
  });
}
