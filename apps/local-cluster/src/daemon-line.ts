/**
 * Whether a line is worth a person's attention. Redis marks warnings with `#` (and some of its start-up chatter too);
 * HAProxy says `[WARNING]` or `[ALERT]` on stderr, and the same once more, with every failed request, in its log.
 * Whatever else does not log JSON, such as Node's own last words, always is.
 */
export function isNoteworthy(process: string, text: string): boolean {
  switch (process) {
    case 'redis':
      return redisWarning.test(text) && !redisChatter.test(text);
    case 'front':
      return /^\[(WARNING|ALERT)\]/.test(text);
    default:
      return true;
  }
}

/** Leaves out of HAProxy's warnings what repeats the prefix or is about the check rather than the server. */
export function tidied(process: string, text: string): string {
  if (process !== 'front') return text;
  return text.replace(/^\[[A-Z]+\]\s+\(\d+\) : /, '').replace(/, (info|check duration): .*/, '');
}

// "12345:M 21 Nov 2026 09:40:46.123 # text"
const redisWarning = /^\d+:[A-Z] .* # /;
const redisChatter =
  /# (oO0OoO0OoO0Oo|Redis version=|Configuration loaded|Server initialized|WARNING Memory overcommit|User requested shutdown|Redis is now ready to exit)/;
