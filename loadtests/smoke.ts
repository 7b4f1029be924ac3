/**
 * Half a minute's look at a running cluster: members of a few rooms send numbered texts, mark the last, and check what
 * they hear of each other. It fails on a message lost, repeated or out of its sender's order, on a connection that ends
 * early or never comes about (nobody reconnects here), and not only where it is slow.
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
/** What is under way when sending ends gets so long to arrive, and to be answered. */
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
const finished = new Counter('chat_finished');

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
    // Whoever was cut short by an exception or by k6 checked nothing.
    chat_finished: [`count==${members}`],
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

const userOf = (id: number): string => `member-${id}`;

/** Everybody in the room of `id`, itself included: whoever sends hears that too. */
function roommates(id: number): string[] {
  const ids = Array.from({ length: members }, (_, index) => index + 1);
  return ids.filter((other) => other % rooms === id % rooms).map(userOf);
}

/** The text of a message: its number, when it was sent, whether it is its sender's last. */
type Text = [number: number, sentAt: number, isLast: boolean];

export default function member(run: Run): void {
  const id = exec.vu.idInTest;
  const room = `${run.name}-${id % rooms}`;
  const socket = new LoadSocket(target, token(userOf(id)));
  /** Highest number heard of each member of the room. */
  const highest = new Map<string, number>();
  /** Whose last text has not come yet. */
  const awaited = new Set(roommates(id));
  let number = 0;
  /** Requests without an answer, the one to join from the start. */
  let unanswered = 1;
  let isOver = false;

  const answered = (answer: Record<string, unknown>): void => {
    unanswered -= 1;
    if (answer['ok'] !== true) failed.add(1);
  };

  const send = (): void => {
    if (isOver) return;
    number += 1;
    const began = Date.now();
    const isLast = began + everyMs >= run.endsAt;
    const text: Text = [number, began, isLast];
    const payload = { room, text: JSON.stringify(text), clientId: `${run.name}-${number}` };
    socket.emit('message:send', payload, (answer) => {
      answered(answer);
      ackMs.add(Date.now() - began);
    });
    unanswered += 1;
    sent.add(1);
    if (!isLast) setTimeout(send, everyMs);
  };

  const breakOff = (): void => {
    if (isOver) return;
    isOver = true;
    failed.add(1);
  };

  // For everybody, also for those who never get to join.
  const finish = (): void => {
    isOver = true;
    // How many more were sent before a last text that never came cannot be known here: one at least.
    lost.add(awaited.size);
    failed.add(unanswered);
    finished.add(1);
    socket.close();
  };
  setTimeout(finish, Math.max(0, run.endsAt + settleMs - Date.now()));

  socket.onClose(breakOff);
  socket.onError(breakOff);
  socket.on('refused', () => refused.add(1));
  socket.on('session:ready', () => {
    socket.emit('room:join', { room }, (answer) => {
      answered(answer);
      setTimeout(send, Math.max(0, run.startsAt - Date.now()));
    });
  });
  socket.on('message:new', (message) => {
    const from = message['user'] as string;
    const [current, sentAt, isLast] = JSON.parse(message['text'] as string) as Text;
    const before = highest.get(from) ?? 0;
    if (isLast) awaited.delete(from);
    heard.add(1);
    deliveryMs.add(Date.now() - sentAt);
    if (current === before) repeated.add(1);
    else if (current < before) disordered.add(1);
    else if (current > before + 1) lost.add(current - before - 1);
    highest.set(from, Math.max(before, current));
  });
}
