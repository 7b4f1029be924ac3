/** Limits of the wire contract, in UTF-16 units as `String.length` counts. */
export const limits = {
  roomLength: 128,
  textLength: 4_000,
  clientIdLength: 64,
  userLength: 64,
  historyPage: 100,
  historyPageDefault: 50,
} as const;
