/** What happened when a program ran, in the order in which it was seen. */
export type Incident =
  | { readonly kind: 'connecting'; readonly client: number; readonly node: number }
  | { readonly kind: 'connected'; readonly client: number; readonly sid: string; readonly recovered: boolean }
  | { readonly kind: 'cut' | 'ended'; readonly client: number }
  /** A connection, or an attempt, has failed without anybody having asked for it. */
  | { readonly kind: 'lost'; readonly client: number; readonly why: string }
  | { readonly kind: 'join' | 'leave'; readonly client: number; readonly room: string; readonly act: number }
  /** A join or leave is acknowledged. */
  | { readonly kind: 'done'; readonly act: number }
  | {
      readonly kind: 'move';
      readonly how: 'join' | 'leave';
      readonly node: number;
      readonly among: string | undefined;
      readonly rooms: readonly string[];
    }
  | {
      readonly kind: 'said';
      readonly n: number;
      readonly node: number;
      readonly rooms: readonly string[];
      readonly except: readonly string[];
      readonly volatile: boolean;
    }
  | { readonly kind: 'heard'; readonly client: number; readonly n: number }
  /** All that had been said before `began` has been handed out by `nodes` and heard by `clients`. */
  | {
      readonly kind: 'settled';
      readonly began: number;
      readonly nodes: readonly number[];
      readonly clients: readonly number[];
    }
  | { readonly kind: 'stuck'; readonly what: string }
  | { readonly kind: 'interrupted' | 'restored'; readonly node: number };

export interface Story {
  readonly incidents: readonly Incident[];
  /** Of what was logged: its place in the one order. */
  readonly places: ReadonlyMap<number, number>;
  /** The rooms of each client's socket in the end, where it is connected. */
  readonly rooms: ReadonlyMap<number, ReadonlySet<string>>;
  /** What the nodes complained of. */
  readonly complaints: readonly string[];
}

/** A client's own room, and everybody's. */
export const ownRoom = (sid: string): string => `@${sid}`;
export const everybody = '*';
