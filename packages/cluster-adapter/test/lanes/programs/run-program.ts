import { setImmediate as turn } from 'node:timers/promises';
import { eventually, type Scope } from '@sluice/testkit';
import type { Socket } from 'socket.io';
import { origin } from '../../../src/log/cluster-log.ts';
import { decodeEnvelope } from '../../../src/lanes/envelope.ts';
import { namespaceTopic, roomTopic } from '../../../src/lanes/topic.ts';
import { comparePositions } from '../../../src/position.ts';
import { openLanesClient, type LanesTestClient } from '../lanes-client.ts';
import type { Ground } from '../lanes-ground.ts';
import { startLanesNode, type LanesTestNode } from '../lanes-node.ts';
import type { Program, Step } from './program.ts';
import { ownRoom, type Incident, type Story } from './story.ts';
import { unexpected } from '../unexpected.ts';

const patienceMs = 8_000;

interface Actor {
  readonly number: number;
  client: LanesTestClient | undefined;
  sid: string | undefined;
  node: number;
  state: 'away' | 'connecting' | 'there';
  /** False where its session has been ended, or never begun. */
  hasSession: boolean;
}

/** Runs a program on nodes and clients of its own, and brings everybody back and together in the end. */
export async function runProgram(scope: Scope, ground: Ground, program: Program): Promise<Story> {
  const nodes = await Promise.all(
    Array.from({ length: program.nodes }, (_, number) => startLanesNode(scope, ground, `node-${number}`)),
  );
  const run = new ProgramRun(scope, nodes, program.clients);
  for (const step of program.steps) await run.take(step);
  return await run.finish();
}

class ProgramRun {
  readonly #scope: Scope;
  readonly #nodes: readonly LanesTestNode[];
  readonly #actors: readonly Actor[];
  readonly #incidents: Incident[] = [];
  readonly #deaf = new Set<number>();
  #lastSaid = 0;
  #lastAct = 0;

  constructor(scope: Scope, nodes: readonly LanesTestNode[], clients: number) {
    this.#scope = scope;
    this.#nodes = nodes;
    this.#actors = Array.from({ length: clients }, (_, number) => ({
      number,
      client: undefined,
      sid: undefined,
      node: 0,
      state: 'away',
      hasSession: false,
    }));
  }

  async take(step: Step): Promise<void> {
    switch (step.kind) {
      case 'connect':
        return this.#connect(this.#actor(step.client), step.node, step.wait);
      case 'cut':
        return this.#cut(this.#actor(step.client), step.wait);
      case 'end':
        return this.#end(this.#actor(step.client), step.by);
      case 'join':
      case 'leave':
        return this.#act(this.#actor(step.client), step);
      case 'emit': {
        const n = this.#say(step.node, step.rooms, step.except, step.volatile);
        const plain = this.#node(step.node)
          .io.to([...step.rooms])
          .except([...step.except]);
        (step.volatile ? plain.volatile : plain).emit('said', n, ...trailing(n));
        return;
      }
      case 'speak': {
        const socket = this.#socketOf(this.#actor(step.client));
        if (socket === undefined) return;
        const rooms = step.room === undefined ? [] : [step.room];
        const n = this.#say(this.#actor(step.client).node, rooms, [ownRoom(socket.id)], false);
        (step.room === undefined ? socket.broadcast : socket.to(step.room)).emit('said', n, ...trailing(n));
        return;
      }
      case 'tell': {
        const { sid } = this.#actor(step.client);
        if (sid === undefined) return;
        const n = this.#say(step.node, [ownRoom(sid)], [], false);
        this.#node(step.node)
          .io.to(sid)
          .emit('said', n, ...trailing(n));
        return;
      }
      case 'move': {
        const { how, node, among, rooms } = step;
        this.#incidents.push({ kind: 'move', how, node, among, rooms });
        const { io } = this.#node(node);
        const some = among === undefined ? io : io.in(among);
        if (how === 'join') some.socketsJoin([...rooms]);
        else some.socketsLeave([...rooms]);
        return;
      }
      case 'interrupt':
        return this.#interrupt(step.node);
      case 'restore':
        return this.#restore(step.node);
      case 'pass':
        for (let turns = 0; turns < step.turns; turns += 1) await turn();
        return;
      case 'settle':
        return this.#settle();
    }
  }

  async finish(): Promise<Story> {
    for (const node of this.#nodes.keys()) this.#restore(node);
    for (const actor of this.#actors) {
      if (actor.hasSession && actor.state === 'away') await this.#connect(actor, actor.node, true);
    }
    await this.#settle();
    // What was joined late is handed out late.
    await this.#settle();
    const rooms = new Map<number, ReadonlySet<string>>();
    for (const actor of this.#actors) {
      const socket = this.#socketOf(actor);
      if (socket !== undefined) rooms.set(actor.number, new Set(socket.rooms));
    }
    return {
      incidents: this.#incidents,
      places: await this.#places(),
      rooms,
      complaints: this.#nodes.flatMap(({ id, faults }) =>
        unexpected(faults).map(({ operation, cause }) => `${id}: ${operation}: ${String(cause)}`),
      ),
    };
  }

  async #connect(actor: Actor, node: number, wait: boolean): Promise<void> {
    const { number } = actor;
    if (actor.state === 'away') {
      actor.state = 'connecting';
      actor.node = node;
      this.#incidents.push({ kind: 'connecting', client: number, node });
      if (actor.client === undefined) actor.client = this.#open(actor, node);
      else actor.client.head(this.#node(node));
    }
    if (wait && !this.#deaf.has(actor.node))
      await this.#until(() => actor.state !== 'connecting', `client ${number} connects`);
  }

  #open(actor: Actor, node: number): LanesTestClient {
    const client = openLanesClient(this.#scope, this.#node(node));
    const { socket } = client;
    const { number } = actor;
    socket.on('connect', () => {
      actor.state = 'there';
      actor.hasSession = true;
      const { id: sid = '', recovered } = socket;
      actor.sid = sid;
      this.#incidents.push({ kind: 'connected', client: number, sid, recovered });
    });
    socket.on('said', (n: number) => this.#incidents.push({ kind: 'heard', client: number, n }));
    const gone = (why: string): void => {
      if (actor.state !== 'away') this.#incidents.push({ kind: 'lost', client: number, why });
      actor.state = 'away';
    };
    socket.on('connect_error', ({ message }) => gone(message));
    socket.on('disconnect', gone);
    return client;
  }

  async #cut(actor: Actor, wait: boolean): Promise<void> {
    const { client, number } = actor;
    if (client === undefined || actor.state === 'away') return;
    const { io } = this.#node(actor.node);
    const id = actor.state === 'there' ? client.socket.id : undefined;
    actor.state = 'away';
    this.#incidents.push({ kind: 'cut', client: number });
    // Not by its engine: a manager whose engine ends before it is open waits for its time-out.
    (client.socket.io as unknown as { _close(): void })['_close']();
    if (wait && id !== undefined)
      await this.#until(() => !io.sockets.sockets.has(id), `the cut of client ${number} is noticed`);
  }

  async #end(actor: Actor, by: 'client' | 'server'): Promise<void> {
    const socket = this.#socketOf(actor);
    if (socket === undefined) return;
    actor.state = 'away';
    actor.hasSession = false;
    this.#incidents.push({ kind: 'ended', client: actor.number });
    if (by === 'client') actor.client?.socket.disconnect();
    else socket.disconnect(true);
    await this.#until(
      () => socket.disconnected && actor.client?.socket.disconnected === true,
      'a session ends',
    );
  }

  async #act(actor: Actor, step: Extract<Step, { kind: 'join' | 'leave' }>): Promise<void> {
    const socket = this.#socketOf(actor);
    if (socket === undefined) return;
    const rooms = step.kind === 'join' ? step.rooms : [step.room];
    const acts = rooms.map((room) => {
      const act = (this.#lastAct += 1);
      this.#incidents.push({ kind: step.kind, client: actor.number, room, act });
      return act;
    });
    const work = step.kind === 'join' ? socket.join([...step.rooms]) : socket.leave(step.room);
    const done = Promise.resolve(work).then(() => {
      for (const act of acts) this.#incidents.push({ kind: 'done', act });
    });
    if (step.wait && !this.#deaf.has(actor.node))
      await this.#within(done, `${step.kind} of client ${actor.number}`);
    else done.catch(() => undefined);
  }

  #say(node: number, rooms: readonly string[], except: readonly string[], volatile: boolean): number {
    const n = (this.#lastSaid += 1);
    this.#incidents.push({ kind: 'said', n, node, rooms, except, volatile });
    return n;
  }

  #interrupt(number: number): void {
    const { hearing, core } = this.#node(number);
    // Over Redis a connection is lost, and made again at once.
    core?.subscriber().reset();
    if (hearing === undefined || this.#deaf.has(number)) return;
    this.#deaf.add(number);
    this.#incidents.push({ kind: 'interrupted', node: number });
    hearing.interrupt();
  }

  #restore(number: number): void {
    if (!this.#deaf.delete(number)) return;
    this.#incidents.push({ kind: 'restored', node: number });
    this.#node(number).hearing?.restore();
  }

  async #settle(): Promise<void> {
    const hears = ({ node }: Actor): boolean => !this.#deaf.has(node);
    await this.#until(
      () => !this.#actors.some((actor) => actor.state === 'connecting' && hears(actor)),
      'those who connect are there',
    );
    const began = this.#incidents.length;
    const there = this.#actors.filter((actor) => actor.state === 'there' && hears(actor));
    const signs = this.#nodes.map(({ io }, number) => {
      const sign = `${began}-${number}`;
      io.emit('sign', sign);
      return sign;
    });
    const missing = (): Actor[] =>
      there.filter(
        ({ client, state }) =>
          state === 'there' &&
          !signs.every((sign) => client?.heard.some(([event, which]) => event === 'sign' && which === sign)),
      );
    const isSettled = await this.#until(
      () => missing().length === 0,
      `the sign is heard; clients ${missing()
        .map(({ number }) => number)
        .join()} do not`,
    );
    if (!isSettled) return;
    const nodes = [...this.#nodes.keys()].filter((number) => !this.#deaf.has(number));
    const clients = there.filter(({ state }) => state === 'there').map(({ number }) => number);
    this.#incidents.push({ kind: 'settled', began, nodes, clients });
  }

  async #until(condition: () => boolean, what: string): Promise<boolean> {
    try {
      return await eventually(condition, { timeoutMs: patienceMs });
    } catch {
      this.#incidents.push({ kind: 'stuck', what: `in vain: ${what}` });
      return false;
    }
  }

  async #within(work: Promise<void>, what: string): Promise<void> {
    let done = false;
    work.then(
      () => (done = true),
      () => undefined,
    );
    await this.#until(() => done, what);
  }

  async #places(): Promise<Map<number, number>> {
    const { log } = this.#node(0);
    const rooms = new Set(
      this.#incidents.flatMap((incident) => (incident.kind === 'said' ? incident.rooms : [])),
    );
    const topics = [namespaceTopic('/'), ...[...rooms].map((room) => roomTopic('/', room.replace(/^@/, '')))];
    const positions = new Map<number, string>();
    for (const topic of topics) {
      for (const { position, body } of await log.read(topic, origin, 10_000)) {
        const [, n] = /^2\["said",(\d+)/.exec(String(decodeEnvelope(body).packet)) ?? [];
        if (n !== undefined) positions.set(Number(n), position);
      }
    }
    const order = [...positions].toSorted(([, a], [, b]) => comparePositions(a, b));
    return new Map(order.map(([n], place) => [n, place]));
  }

  #socketOf({ client, node, state }: Actor): Socket | undefined {
    const id = client?.socket.id;
    return state === 'there' && id !== undefined ? this.#node(node).io.sockets.sockets.get(id) : undefined;
  }

  #node(number: number): LanesTestNode {
    const node = this.#nodes[number];
    if (node === undefined) throw new RangeError(`no node ${number}`);
    return node;
  }

  #actor(number: number): Actor {
    const actor = this.#actors[number];
    if (actor === undefined) throw new RangeError(`no client ${number}`);
    return actor;
  }
}

/** Some end with a string, which a stock client takes for its offset where the offset does not follow. */
function trailing(n: number): string[] {
  return n % 2 === 0 ? ['text'] : [];
}
