import { createCentrifugo } from './centrifugo.ts';
import { createChat, type ChatOptions } from './chat.ts';
import type { Dialect, DialectName } from './dialect.ts';
import { createFloor } from './floor.ts';
import { createSocketIo } from './socket-io.ts';

/** Made anew for each client. */
export function createDialect(name: DialectName, options: ChatOptions = {}): Dialect {
  switch (name) {
    case 'floor':
      return createFloor();
    case 'socket-io':
      return createSocketIo();
    case 'chat':
      return createChat(options);
    case 'centrifugo':
      return createCentrifugo();
  }
}
