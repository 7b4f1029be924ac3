import type { Dialect } from './dialect.ts';
import { numberIn } from './message-text.ts';
import { answerSocketIo, engineIoPath, nothing } from './socket-io.ts';

export interface ChatOptions {
  /** True where a client of the chat wants to be told the trace context of what it is sent. */
  readonly wantsTrace?: boolean;
}

const joinId = 0;

/** The whole of apps/gateway, whose every request is acknowledged. */
export function createChat({ wantsTrace = false }: ChatOptions): Dialect {
  let nextId = joinId + 1;
  return {
    path: engineIoPath,
    open: () => nothing,
    framesOf: (message) => [message],
    hear: numberIn,
    answer(frame, token) {
      if (frame.startsWith('42["session:ready"')) return { kind: 'admitted', recovered: false };
      if (frame.startsWith('43')) {
        if (!frame.includes('"ok":true')) return { kind: 'refused', why: frame };
        return frame.startsWith(`43${joinId}[`) ? { kind: 'joined', recovered: false, missed: [] } : nothing;
      }
      return answerSocketIo(frame, () => ({ token, ...(wantsTrace && { trace: 'on' }) }));
    },
    join: (room) => `42${joinId}["room:join",{"room":"${room}"}]`,
    message(room, text) {
      const id = nextId++;
      return `42${id}["message:send",{"room":"${room}","text":"${text}","clientId":"${id}"}]`;
    },
  };
}
