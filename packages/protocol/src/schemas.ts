import { z } from 'zod';
import { limits } from './limits.ts';

// Control characters, lone surrogates, line separators, and format characters that could disguise a name (the joiners,
// which emoji and several scripts need, are welcome).
const unprintable = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]|(?![\u200c\u200d])\p{Cf}/u;
const loneSurrogate = /\p{Cs}/u;

const printable = (maxLength: number) =>
  z
    .string()
    .min(1)
    .max(maxLength)
    .refine((value) => !unprintable.test(value) && value.trim().length > 0, 'must be printable characters');

export const roomSchema = printable(limits.roomLength);
export const userSchema = printable(limits.userLength);
export const clientIdSchema = printable(limits.clientIdLength);
export const textSchema = z
  .string()
  .min(1)
  .max(limits.textLength)
  .refine((value) => !loneSurrogate.test(value), 'must be well-formed Unicode');

/** A message's id: opaque to clients; the gateway accepts only what it could have issued. */
export const messageIdSchema = z
  .string()
  .max(41)
  .regex(/^(0|[1-9]\d*)-(0|[1-9]\d*)$/)
  .refine((id) => id.split('-').every((part) => BigInt(part) <= 0xffff_ffff_ffff_ffffn));

// Unknown fields are ignored, so that a newer client can talk to an older gateway.
export const roomJoinSchema = z.object({ room: roomSchema });
export const roomLeaveSchema = z.object({ room: roomSchema });
export const messageSendSchema = z.object({
  room: roomSchema,
  text: textSchema,
  clientId: clientIdSchema,
});
export const historyReadSchema = z.object({
  room: roomSchema,
  before: messageIdSchema.optional(),
  limit: z.int().min(1).max(limits.historyPage).default(limits.historyPageDefault),
});
export const typingSetSchema = z.object({ room: roomSchema, typing: z.boolean() });
export const devTokenRequestSchema = z.object({ user: userSchema });
