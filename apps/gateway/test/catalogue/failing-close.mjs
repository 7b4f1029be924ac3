import { Server } from 'node:http';

/** Loaded into a gateway before anything else: a server that cannot close. None of its own parts fails that way by itself. */
Server.prototype.close = function close(done) {
  done?.(new Error('closed by nobody'));
  return this;
};
