import { lifeStories, type Life, type Stay } from './lives.ts';
import { everybody, ownRoom, type Incident, type Story } from './story.ts';

type Said = Extract<Incident, { kind: 'said' }> & {
  readonly at: number;
  /** When somebody has heard it, so that it is in the log; never, where it may have gone past the log. */
  readonly loggedAt: number;
};

/**
 * What speaks against the guarantees (docs/guarantees.md), in sentences; nothing where they were kept. Where a program
 * leaves open what a client is owed, hearing and not hearing are both right.
 */
export function judgeStory(story: Story): string[] {
  const { incidents } = story;
  const firstHeard = new Map<number, number>();
  for (const [at, incident] of incidents.entries())
    if (incident.kind === 'heard' && !firstHeard.has(incident.n)) firstHeard.set(incident.n, at);
  const said = incidents.flatMap((incident, at) => {
    if (incident.kind !== 'said') return [];
    const loggedAt = incident.volatile ? Infinity : (firstHeard.get(incident.n) ?? Infinity);
    return [{ ...incident, at, loggedAt }];
  });
  const lives = lifeStories(incidents);
  return [
    ...incidents.flatMap((incident) => faultsOf(incident)),
    ...said
      .filter(({ volatile, n }) => !volatile && !story.places.has(n))
      .map(({ n }) => `${n} is not in the log`),
    ...lives.flatMap((life) => [
      ...wrongFor(life, said),
      ...twice(life, said),
      ...disorder(life, said, story),
      ...wrongRooms(life, story),
    ]),
    ...story.complaints,
  ];
}

function faultsOf(incident: Incident): string[] {
  if (incident.kind === 'stuck') return [incident.what];
  return incident.kind === 'lost' ? [`client ${incident.client} is cut off: ${incident.why}`] : [];
}

/** What it was owed and did not hear, and what it heard and should not have. */
function wrongFor(life: Life, said: readonly Said[]): string[] {
  const heard = new Set(life.heard.map(({ n }) => n));
  const { client, isUnbroken } = life;
  const broken = isUnbroken ? [] : [`client ${client} came back and was not recovered`];
  const wrong = said.flatMap((one) => {
    if (!heard.has(one.n)) return isOwed(life, one) ? [`client ${client} never heard ${one.n}`] : [];
    const why = whyNotFor(life, one);
    return why === undefined ? [] : [`client ${client} heard ${one.n}, ${why}`];
  });
  return [...broken, ...wrong];
}

const topicsOf = ({ rooms }: Said): readonly string[] => (rooms.length === 0 ? [everybody] : rooms);

function isOwed(life: Life, said: Said): boolean {
  const { at, volatile, except } = said;
  if (volatile) return false;
  const settled = life.settledAfter(at);
  if (life.endedAt !== undefined && (settled === undefined || settled >= life.endedAt)) return false;
  const isIn = topicsOf(said).some((room) => life.stays(room).some((stay) => isSurely(stay, at, settled)));
  return (
    isIn &&
    except.every((room) => life.stays(room).every((stay) => isOver(stay, at) || isLater(stay, settled)))
  );
}

/** From an acknowledged join up to when everything said by then had been handed out. */
function isSurely({ firmAt, doubtAt }: Stay, at: number, settled: number | undefined): boolean {
  if (firmAt === undefined || firmAt >= at) return false;
  return doubtAt === undefined || (settled !== undefined && settled < doubtAt);
}

const isOver = ({ goneAt }: Stay, at: number): boolean => goneAt !== undefined && goneAt < at;

const isLater = ({ beganAt }: Stay, settled: number | undefined): boolean =>
  settled !== undefined && settled < beganAt;

/** However far its node was: who joins hears nothing from before. What moves it has a place of its own in the log. */
const isBefore = ({ loggedAt }: Said, { beganAt, arrivedAt }: Stay): boolean =>
  arrivedAt === 0 && loggedAt < beganAt;

function whyNotFor(life: Life, said: Said): string | undefined {
  const { at, except, volatile } = said;
  const settled = life.settledAfter(at);
  const shut = except.find((room) => life.stays(room).some((stay) => isSurely(stay, at, settled)));
  if (shut !== undefined) return `though it was in ${shut}, which is excepted`;
  const mayBe = topicsOf(said).some((room) =>
    life
      .stays(room)
      .some(
        (stay) =>
          !isOver(stay, at) && !isLater(stay, life.handedOutAfter(at, stay.node)) && !isBefore(said, stay),
      ),
  );
  if (!mayBe) return `though it was in none of ${topicsOf(said).join(', ')}`;
  if (volatile && life.wasAway(at)) return 'which was volatile and said while it was away';
  return undefined;
}

/** What is volatile and for several rooms comes in pieces of which nobody keeps account. */
function twice({ client, heard }: Life, said: readonly Said[]): string[] {
  const loose = new Set(said.filter(({ volatile, rooms }) => volatile && rooms.length > 1).map(({ n }) => n));
  const seen = new Set<number>();
  return heard.flatMap(({ n }) => {
    if (seen.has(n) && !loose.has(n)) return [`client ${client} heard ${n} twice`];
    seen.add(n);
    return [];
  });
}

/**
 * Of any two in one room the earlier is heard first. Before the join is acknowledged, what is said to several rooms may
 * come by another of them, ahead of what the room had before.
 */
function disorder(life: Life, said: readonly Said[], { places }: Story): string[] {
  const byNumber = new Map(said.map((one) => [one.n, one]));
  const known = life.heard.flatMap(({ n }) => {
    const one = byNumber.get(n);
    const place = places.get(n);
    return one === undefined || place === undefined ? [] : [{ one, place }];
  });
  const isBound = (room: string, { at, rooms }: Said): boolean =>
    rooms.length <= 1 || life.stays(room).some((stay) => isSurely(stay, at, life.settledAfter(at)));
  return known.flatMap(({ one, place }, index) =>
    topicsOf(one).flatMap((room) => {
      if (!isBound(room, one)) return [];
      const ahead = known
        .slice(0, index)
        .find(
          (before) =>
            before.place > place && topicsOf(before.one).includes(room) && isBound(room, before.one),
        );
      return ahead === undefined
        ? []
        : [`client ${life.client} heard ${ahead.one.n} before ${one.n} in ${room}`];
    }),
  );
}

/** In the end its socket is in the rooms that it joined and did not leave, and in no other. */
function wrongRooms(life: Life, story: Story): string[] {
  const rooms = life.isLast ? story.rooms.get(life.client) : undefined;
  if (rooms === undefined) return [];
  const end = story.incidents.length;
  return [...new Set([...life.rooms, ...rooms])].flatMap((room) => {
    if ([everybody, life.sid, ownRoom(life.sid)].includes(room)) return [];
    const stays = life.stays(room);
    const isIn = rooms.has(room);
    if (!isIn && stays.some((stay) => stay.doubtAt === undefined && isSurely(stay, end, end)))
      return [`client ${life.client} is not in ${room} in the end`];
    if (isIn && stays.every((stay) => isOver(stay, end)))
      return [`client ${life.client} is in ${room} in the end`];
    return [];
  });
}
