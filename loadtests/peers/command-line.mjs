// Plain JavaScript without packages: this runs on a clone where nothing is installed or built yet.
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';

/** What is wrong with the options, one line each. */
export class UsageError extends Error {
  /** EX_USAGE of sysexits.h. */
  exitCode = 64;
}

/** `parseArgs` of Node for options alone, whose complaints are usage errors. */
export function parseOptionsAlone(args, options) {
  try {
    return parseArgs({ args, options }).values;
  } catch (error) {
    // Node's texts name the option; what follows the first sentence is advice on positional arguments.
    throw new UsageError(error.message.split('. ')[0], { cause: error });
  }
}

/**
 * Reads options' values, and collects what is wrong with them.
 * @param {Readonly<Record<string, any>>} values
 * @param {string} folder What a relative path is relative to.
 */
export function readValues(values, folder) {
  const faults = [];
  const numberIn = (text, name, min, max) => {
    const value = text.trim() === '' ? Number.NaN : Number(text);
    if (!(value >= min && value <= max)) {
      faults.push(`--${name} must be a number from ${min} to ${max}, not "${text}"`);
    }
    return value;
  };
  const number = (name, min, max) => numberIn(values[name], name, min, max);
  return {
    faults,
    number,
    numbers: (name, min, max) => values[name].split(',').map((text) => numberIn(text, name, min, max)),
    whole: (name, min, max) => {
      const value = number(name, min, max);
      if (Number.isFinite(value) && !Number.isInteger(value)) faults.push(`--${name} must be a whole number`);
      return value;
    },
    /** In the order of the table, whatever the order asked for. */
    list: (name, allowed) => {
      const words = values[name].split(',');
      for (const word of words) {
        if (!allowed.includes(word)) faults.push(`--${name} must be of ${allowed.join(', ')}, not "${word}"`);
      }
      return allowed.filter((word) => words.includes(word));
    },
    path: (name) => {
      if (values[name] === '') faults.push(`--${name} must name a path`);
      return values[name] === undefined ? undefined : resolve(folder, values[name]);
    },
    /** @throws {UsageError} naming every fault at once. */
    check: () => {
      if (faults.length > 0) throw new UsageError(faults.join('\n'));
    },
  };
}
