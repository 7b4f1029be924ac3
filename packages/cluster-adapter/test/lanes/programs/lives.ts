import { everybody, ownRoom, type Incident } from './story.ts';

/** A client's time in a room, as far as it is known; all times are indices of incidents. */
export interface Stay {
  /** Nothing from before. */
  readonly beganAt: number;
  /** The node at which it began. */
  readonly node: number;
  /** Acknowledged: everything from now on, up to `doubtAt`. */
  firmAt: number | undefined;
  /** It may be over from here on. */
  doubtAt: number | undefined;
  /** It is over. */
  goneAt: number | undefined;
  /** False as long as a cut may undo the beginning, or the end. */
  isKept: boolean;
  /** When a `socketsJoin` that began it is known to have been carried out. */
  readonly arrivedAt: number;
}

type Beginning = Pick<Stay, 'beganAt' | 'node'> & Partial<Pick<Stay, 'firmAt' | 'isKept' | 'arrivedAt'>>;

/** A session as its client lived it, over all its connections. */
export interface Life {
  readonly client: number;
  readonly sid: string;
  readonly heard: readonly { readonly n: number; readonly at: number }[];
  readonly rooms: ReadonlySet<string>;
  readonly endedAt: number | undefined;
  /** False where it ended without having been ended. */
  readonly isUnbroken: boolean;
  readonly isLast: boolean;
  stays(room: string): readonly Stay[];
  /** When the client is known to have been given all that was said at `at` and is for it. */
  settledAfter(at: number): number | undefined;
  /** When a node is known to have handed that out. */
  handedOutAfter(at: number, node: number): number | undefined;
  /** True where the client was away when it was said, and until it had been handed out by every node that hears. */
  wasAway(at: number): boolean;
}

interface Absence {
  readonly from: number;
  to: number;
}

class ClientLife implements Life {
  readonly client: number;
  readonly sid: string;
  readonly heard: { n: number; at: number }[] = [];
  readonly absences: Absence[] = [];
  endedAt: number | undefined;
  isUnbroken = true;
  isLast = true;
  readonly #incidents: readonly Incident[];
  readonly #stays = new Map<string, Stay[]>();

  constructor(incidents: readonly Incident[], client: number, sid: string, begun: Beginning) {
    this.#incidents = incidents;
    this.client = client;
    this.sid = sid;
    for (const room of [everybody, ownRoom(sid)]) this.begin(room, begun);
  }

  get rooms(): ReadonlySet<string> {
    return new Set(this.#stays.keys());
  }

  stays(room: string): readonly Stay[] {
    return this.#stays.get(room) ?? [];
  }

  begin(room: string, begun: Beginning): Stay {
    const stay: Stay = {
      firmAt: undefined,
      doubtAt: undefined,
      goneAt: undefined,
      isKept: false,
      arrivedAt: 0,
      ...begun,
    };
    this.#stays.set(room, [...this.stays(room), stay]);
    return stay;
  }

  /** A cut undoes what has not been acknowledged, or does not. */
  cut(at: number): void {
    this.absences.push({ from: at, to: Infinity });
    for (const stay of [...this.#stays.values()].flat()) {
      if (stay.isKept) continue;
      stay.doubtAt ??= at;
      stay.goneAt = undefined;
    }
  }

  end(at: number): void {
    this.endedAt ??= at;
    for (const stay of [...this.#stays.values()].flat()) {
      stay.doubtAt ??= at;
      stay.goneAt ??= at;
    }
  }

  settledAfter(at: number): number | undefined {
    return this.#settlement(at, (settled) => settled.clients.includes(this.client));
  }

  handedOutAfter(at: number, node: number): number | undefined {
    return this.#settlement(at, ({ nodes }) => nodes.includes(node));
  }

  wasAway(at: number): boolean {
    const past = this.#settlement(at, () => true);
    return past !== undefined && this.absences.some(({ from, to }) => from < at && past < to);
  }

  #settlement(
    at: number,
    counts: (settled: Extract<Incident, { kind: 'settled' }>) => boolean,
  ): number | undefined {
    const index = this.#incidents.findIndex(
      (incident) => incident.kind === 'settled' && incident.began > at && counts(incident),
    );
    return index < 0 ? undefined : index;
  }
}

const changes: ReadonlySet<Incident['kind']> = new Set(['connecting', 'connected', 'cut', 'lost', 'ended']);

/** Follows one client through its sessions. */
class ClientLives {
  readonly lives: ClientLife[] = [];
  readonly #incidents: readonly Incident[];
  readonly #client: number;
  readonly #acts = new Map<number, Stay[]>();
  #connecting: { at: number; node: number } = { at: 0, node: 0 };
  #present: ClientLife | undefined;
  #isThere = false;

  constructor(incidents: readonly Incident[], client: number) {
    this.#incidents = incidents;
    this.#client = client;
    for (const [at, incident] of incidents.entries()) this.#take(incident, at);
    for (const life of this.lives.slice(0, -1)) life.isLast = false;
  }

  #take(incident: Incident, at: number): void {
    if ('client' in incident && incident.client !== this.#client) return;
    const life = this.#present;
    switch (incident.kind) {
      case 'connecting':
        this.#connecting = { at, node: incident.node };
        break;
      case 'connected':
        this.#connected(incident.sid, incident.recovered, at);
        break;
      case 'cut':
      case 'lost':
        if (this.#isThere) life?.cut(at);
        this.#isThere = false;
        this.#acts.clear();
        break;
      case 'ended':
        life?.end(at);
        this.#present = undefined;
        this.#isThere = false;
        this.#acts.clear();
        break;
      case 'join':
        if (life !== undefined) this.#acts.set(incident.act, [this.#join(life, incident.room, at)]);
        break;
      case 'leave':
        if (life !== undefined) this.#acts.set(incident.act, this.#leave(life, incident.room, at));
        break;
      case 'done':
        this.#done(incident.act, at);
        break;
      case 'move':
        if (life !== undefined) this.#move(life, incident, at);
        break;
      case 'heard':
        life?.heard.push({ n: incident.n, at });
        break;
      case 'said':
      case 'settled':
      case 'stuck':
      case 'interrupted':
      case 'restored':
        break;
    }
  }

  #connected(sid: string, recovered: boolean, at: number): void {
    this.#isThere = true;
    const absence = this.#present?.absences.at(-1);
    if (absence !== undefined) absence.to = this.#connecting.at;
    if (recovered && this.#present !== undefined) return;
    if (this.#present !== undefined) this.#present.isUnbroken = false;
    this.#present?.end(at);
    const { at: beganAt, node } = this.#connecting;
    const life = new ClientLife(this.#incidents, this.#client, sid, {
      beganAt,
      node,
      firmAt: at,
      isKept: true,
    });
    // What its node had not carried out yet when it came may be carried out on it.
    for (const [index, incident] of this.#incidents.slice(0, at).entries()) {
      if (incident.kind !== 'move' || incident.how !== 'join') continue;
      const arrivedAt = life.handedOutAfter(index, node) ?? Infinity;
      if (arrivedAt <= beganAt) continue;
      for (const room of incident.rooms) life.begin(room, { beganAt, node, arrivedAt });
    }
    this.#present = life;
    this.lives.push(life);
  }

  #join(life: ClientLife, room: string, at: number): Stay {
    const { node } = this.#connecting;
    const stay = life.begin(room, { beganAt: at, node });
    // It may be ended by what was asked before it and is carried out after it.
    if (this.#isMovedLate('leave', life, room, at)) stay.doubtAt = at;
    return stay;
  }

  #leave(life: ClientLife, room: string, at: number): Stay[] {
    const left = life.stays(room).filter(({ goneAt }) => goneAt === undefined);
    for (const stay of left) {
      stay.doubtAt ??= at;
      stay.isKept = false;
      if (stay.arrivedAt <= at) stay.goneAt = at;
    }
    return left;
  }

  #isMovedLate(how: 'join' | 'leave', life: ClientLife, room: string, at: number): boolean {
    return this.#incidents
      .slice(0, at)
      .some(
        (incident, index) =>
          incident.kind === 'move' &&
          incident.how === how &&
          incident.rooms.includes(room) &&
          (life.handedOutAfter(index, this.#connecting.node) ?? Infinity) > at,
      );
  }

  #done(act: number, at: number): void {
    for (const stay of this.#acts.get(act) ?? []) {
      if (stay.goneAt === undefined) stay.firmAt ??= at;
      stay.isKept = true;
    }
  }

  /** Carried out some time after it was asked for, by the node at which the client is then. */
  #move(life: ClientLife, move: Extract<Incident, { kind: 'move' }>, at: number): void {
    const { how, among = everybody, rooms } = move;
    const settled = life.settledAfter(at);
    const until = settled ?? this.#incidents.length;
    const isOneOfThem = life
      .stays(among)
      .some(({ firmAt = at, doubtAt = Infinity }) => firmAt < at && until < doubtAt);
    const mayBeOne =
      life.stays(among).some(({ goneAt = Infinity }) => goneAt > at) || this.#isTouched(among, at, until);
    if (!mayBeOne) return;
    const stillThere = this.#isThere && settled !== undefined && !this.#isElsewhere(at, until);
    const isSure = stillThere && isOneOfThem && !this.#isTouched(among, at, until);
    for (const room of rooms) {
      const isAlone =
        !this.#isTouched(room, at, until) &&
        !this.#isMovedLate('join', life, room, at) &&
        !this.#isMovedLate('leave', life, room, at);
      const carriedOutAt = isSure && isAlone ? settled : undefined;
      if (how === 'leave') this.#moveOut(life, room, at, carriedOutAt);
      else {
        const { node } = this.#connecting;
        life.begin(room, { beganAt: at, node, firmAt: carriedOutAt, arrivedAt: settled ?? Infinity });
      }
    }
  }

  #moveOut(life: ClientLife, room: string, at: number, carriedOutAt: number | undefined): void {
    for (const stay of life.stays(room)) {
      if (stay.goneAt !== undefined) continue;
      stay.doubtAt ??= at;
      stay.isKept = false;
      stay.goneAt = carriedOutAt;
    }
  }

  /** The client comes or goes in between. */
  #isElsewhere(from: number, to: number): boolean {
    return this.#incidents
      .slice(from + 1, to)
      .some(
        (incident) => 'client' in incident && incident.client === this.#client && changes.has(incident.kind),
      );
  }

  /** The client joins or leaves a room in between, or may. */
  #isTouched(room: string, from: number, to: number): boolean {
    return this.#incidents.slice(from + 1, to).some((incident) => {
      if (incident.kind === 'move') return incident.rooms.includes(room);
      const isItsOwn = 'client' in incident && incident.client === this.#client;
      return isItsOwn && (incident.kind === 'join' || incident.kind === 'leave') && incident.room === room;
    });
  }
}

/** All sessions of all clients. */
export function lifeStories(incidents: readonly Incident[]): Life[] {
  const clients = new Set(incidents.flatMap((incident) => ('client' in incident ? [incident.client] : [])));
  return [...clients].flatMap((client) => new ClientLives(incidents, client).lives);
}
