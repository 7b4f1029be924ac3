import type { SeededRandom } from '@sluice/testkit';

/** Nodes and clients are named by their numbers. A step that makes no sense where it stands does nothing. */
export type Step =
  /** `wait`: what follows waits for it. */
  | { readonly kind: 'connect'; readonly client: number; readonly node: number; readonly wait: boolean }
  /** `wait`: until its node has noticed. */
  | { readonly kind: 'cut'; readonly client: number; readonly wait: boolean }
  | { readonly kind: 'end'; readonly client: number; readonly by: 'client' | 'server' }
  | {
      readonly kind: 'join';
      readonly client: number;
      readonly rooms: readonly string[];
      readonly wait: boolean;
    }
  | { readonly kind: 'leave'; readonly client: number; readonly room: string; readonly wait: boolean }
  /** To everybody where there are no rooms. */
  | {
      readonly kind: 'emit';
      readonly node: number;
      readonly rooms: readonly string[];
      readonly except: readonly string[];
      readonly volatile: boolean;
    }
  /** By a client's socket at its node, to the others in the room or to all others. */
  | { readonly kind: 'speak'; readonly client: number; readonly room: string | undefined }
  /** To one client by its id. */
  | { readonly kind: 'tell'; readonly node: number; readonly client: number }
  | {
      readonly kind: 'move';
      readonly how: 'join' | 'leave';
      readonly node: number;
      readonly among: string | undefined;
      readonly rooms: readonly string[];
    }
  | { readonly kind: 'interrupt' | 'restore'; readonly node: number }
  | { readonly kind: 'pass'; readonly turns: number }
  /** Until everybody who can hear has heard all that was said. */
  | { readonly kind: 'settle' };

export interface Program {
  readonly nodes: number;
  readonly clients: number;
  readonly steps: readonly Step[];
}

const rooms = ['a', 'b', 'c'] as const;

/** What is drawn how often. */
const weights: Readonly<Record<Step['kind'], number>> = {
  connect: 12,
  cut: 7,
  end: 1,
  join: 12,
  leave: 4,
  emit: 24,
  speak: 4,
  tell: 4,
  move: 4,
  interrupt: 2,
  restore: 3,
  pass: 14,
  settle: 5,
};

/** Each program does some things more often than others, so that programs differ in more than their order. */
function lottery(random: SeededRandom): Step['kind'][] {
  return Object.entries(weights).flatMap(
    ([kind, weight]) => Array(weight * random.pick([0, 1, 1, 2, 4])).fill(kind) as Step['kind'][],
  );
}

export function randomProgram(random: SeededRandom, length: number): Program {
  const nodes = random.whole(2, 3);
  const clients = random.whole(2, 4);
  const start: Step[] = Array.from({ length: clients }, (_, client) => ({
    kind: 'connect',
    client,
    node: random.whole(0, nodes - 1),
    wait: true,
  }));
  const kinds = [...lottery(random), 'emit', 'pass'] as const;
  const steps = Array.from({ length }, () => randomStep(random, random.pick(kinds), nodes, clients));
  return { nodes, clients, steps: [...start, ...steps] };
}

function randomStep(random: SeededRandom, kind: Step['kind'], nodes: number, clients: number): Step {
  const node = random.whole(0, nodes - 1);
  const client = random.whole(0, clients - 1);
  const wait = random.chance(0.5);
  switch (kind) {
    case 'connect':
      return { kind, client, node, wait };
    case 'cut':
      return { kind, client, wait };
    case 'end':
      return { kind, client, by: random.chance(0.5) ? 'client' : 'server' };
    case 'join':
      return { kind, client, rooms: random.sample(rooms, random.chance(0.7) ? 1 : 2), wait };
    case 'leave':
      return { kind, client, room: random.pick(rooms), wait };
    case 'emit':
      return {
        kind,
        node,
        rooms: random.sample(rooms, random.pick([0, 1, 1, 1, 2, 2, 3])),
        except: random.chance(0.2) ? [random.pick(rooms)] : [],
        volatile: random.chance(0.2),
      };
    case 'speak':
      return { kind, client, room: random.chance(0.7) ? random.pick(rooms) : undefined };
    case 'tell':
      return { kind, node, client };
    case 'move':
      return {
        kind,
        how: random.chance(0.6) ? 'join' : 'leave',
        node,
        among: random.chance(0.5) ? random.pick(rooms) : undefined,
        rooms: random.sample(rooms, random.whole(1, 2)),
      };
    case 'interrupt':
    case 'restore':
      return { kind, node };
    case 'pass':
      return { kind, turns: random.pick([1, 2, 4, 8, 20, 60]) };
    case 'settle':
      return { kind };
  }
}

/** One step in one line. */
export function describeStep(step: Step): string {
  const { kind, ...rest } = step;
  const shown = Object.entries(rest)
    .filter(
      ([, value]) => value !== false && value !== undefined && !(Array.isArray(value) && value.length === 0),
    )
    .map(([name, value]) => (value === true ? name : `${name} ${String(value)}`));
  return [kind, ...shown].join(', ');
}
