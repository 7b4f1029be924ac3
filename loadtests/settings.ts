/** What a run is told by environment variables: the one place that reads them. */

/** The cluster: `http://…` or `https://…`, one address. */
export const target = (__ENV['TARGET'] ?? 'http://127.0.0.1:3000').replace(/\/+$/, '');

/** Signs the members' tokens (HS256). Without it they are asked for at the cluster, which gives them in development only. */
export const tokenSecret = __ENV['JWT_SECRET'];

/** Where the summary is written as JSON. */
export const summaryPath = __ENV['SUMMARY'];

/** A number of something: whole, not negative. */
export function count(name: string, otherwise: number): number {
  return read(name, otherwise, (value) => Number.isInteger(value) && value >= 0, 'a whole number');
}

/** A part of something, from 0 to 1. */
export function share(name: string, otherwise: number): number {
  return read(name, otherwise, (value) => value >= 0 && value <= 1, 'a number from 0 to 1');
}

function read(
  name: string,
  otherwise: number,
  isAllowed: (value: number) => boolean,
  allowed: string,
): number {
  const text = __ENV[name];
  if (text === undefined || text === '') return otherwise;
  const value = Number(text);
  if (!isAllowed(value)) throw new Error(`${name}=${text} is not ${allowed}`);
  return value;
}
