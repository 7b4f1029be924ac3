/** The part of the browser's `Storage` used here, so that tests can bring a Map. */
export interface TextStorage {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

/** One remembered value. */
export interface JsonShelf<Value> {
  /** `undefined` where nothing, or nothing usable, is there. */
  read(): Value | undefined;
  /** Remembers if the browser lets it; `undefined` forgets. */
  write(value: Value | undefined): void;
}

/**
 * Keeps a JSON value under one key. What is read back was written by any version of this app, or by hand: `parse`
 * decides what of it is usable. A full, disabled or broken storage costs the memory and nothing else.
 */
export function createJsonShelf<Value>(
  storage: TextStorage,
  key: string,
  parse: (stored: unknown) => Value | undefined,
): JsonShelf<Value> {
  return {
    read() {
      try {
        const stored = storage.getItem(key);
        return stored === null ? undefined : parse(JSON.parse(stored));
      } catch {
        // Unreadable text, or a browser that forbids storage: both are the same as nothing remembered.
        return undefined;
      }
    },
    write(value) {
      try {
        if (value === undefined) storage.removeItem(key);
        else storage.setItem(key, JSON.stringify(value));
      } catch {
        // Quota or policy; the chat goes on without the memory.
      }
    },
  };
}

/** The same shelf for as long as `isOpen` says so; what is written afterwards is dropped. */
export function writtenWhile<Value>(shelf: JsonShelf<Value>, isOpen: () => boolean): JsonShelf<Value> {
  return {
    read: () => shelf.read(),
    write(value) {
      if (isOpen()) shelf.write(value);
    },
  };
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
