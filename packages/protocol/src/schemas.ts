import { z } from 'zod';
import { limits } from './limits.ts';

// Control characters, line separators, and format characters that could disguise a name (the joiners,
// which emoji and several scripts need, are welcome).
const unprintable = /[\p{Cc}\p{Zl}\p{Zp}]|(?![\u200c\u200d])\p{Cf}/u;
const loneSurrogate = /\p{Cs}/u;

// Lengths are in UTF-16 units, as `String.length` and every client's language of strings in JavaScript, Java and C#
// have them; zod's own `max` counts code points.
const text = (maxLength: number) =>
  z
    .string()
    .min(1)
    .check(({ value, issues }) => {
      if (value.length <= maxLength) return;
      issues.push({ code: 'too_big', origin: 'string', maximum: maxLength, inclusive: true, input: value });
    })
    .refine((value) => !loneSurrogate.test(value), 'must be well-formed Unicode');

const printable = (maxLength: number) =>
  text(maxLength).refine(
    (value) => !unprintable.test(value) && value.trim().length > 0,
    'must be printable characters',
  );

export const roomSchema = printable(limits.roomLength);
export const userSchema = printable(limits.userLength);
export const clientIdSchema = printable(limits.clientIdLength);
export const textSchema = text(limits.textLength);

/** A message's id: opaque to clients; the gateway accepts only what it could have issued. */
export const messageIdSchema = z
  .string()
  .refine(
    (id) =>
      /^(0|[1-9]\d{0,19})-(0|[1-9]\d{0,19})$/.test(id) &&
      id.split('-').every((half) => BigInt(half) <= 0xffff_ffff_ffff_ffffn),
    'must be an id that a message had',
  );

// Unknown fields are ignored, so that a newer client can talk to an older gateway.
export const roomJoinSchema = z.object({ room: roomSchema });
export const roomLeaveSchema = z.object({ room: roomSchema });
export const messageSendSchema = z.object({
  room: roomSchema,
  text: textSchema,
  clientId: clientIdSchema,
  // What is no string becomes one that names no span: the message is welcome all the same, and who counts sees it.
  traceparent: z.string().optional().catch(''),
});
export const historyReadSchema = z.object({
  room: roomSchema,
  before: messageIdSchema.optional(),
  limit: z.int().min(1).max(limits.historyPage).default(limits.historyPageDefault),
});
export const typingSetSchema = z.object({ room: roomSchema, typing: z.boolean() });
export const devTokenRequestSchema = z.object({ user: userSchema });
