// A node as users of the official streams adapter set it up, for the history checker to show what it sees. It answers the
// same chat events as the gateway, as simply as can be, and owes nothing to this repository's packages.
import { createServer } from 'node:http';
import { createAdapter } from '@socket.io/redis-streams-adapter';
// oxlint-disable-next-line no-restricted-imports -- a peer as its users set it up
import { createClient } from 'redis';
// oxlint-disable-next-line no-restricted-imports -- a peer as its users set it up
import { Server } from 'socket.io';

const { PORT, NODE_ID: nodeId, REDIS_URL: url } = process.env;

const redis = createClient({ url });
redis.on('error', (error) => console.error(error.message));
await redis.connect();

const http = createServer();
const io = new Server(http, {
  adapter: createAdapter(redis),
  connectionStateRecovery: {},
});

const historyOf = (room) => `history:${room}`;

/** Adds a message to its room's history; resolves to nothing where it has been there before. */
async function remember({ room, clientId, text }) {
  const key = `sent:${room}:${clientId}`;
  const known = await redis.get(key);
  if (known !== null) return { id: known };
  const id = await redis.xAdd(historyOf(room), '*', { clientId, text });
  await redis.set(key, id);
  return { id, isNew: true };
}

async function readHistory({ room, before, limit = 50 }) {
  const from = before === undefined ? '+' : `(${before}`;
  const found = await redis.xRevRange(historyOf(room), from, '-', { COUNT: limit + 1 });
  const messages = found.slice(0, limit).map(({ id, message }) => ({ id, room, ...message }));
  return { messages: messages.toReversed(), more: found.length > limit };
}

function answer(done, work) {
  Promise.resolve(work).then(
    (fields) => done({ ok: true, ...fields }),
    (error) => done({ ok: false, error: { code: 'internal', message: error.message, retryable: true } }),
  );
}

io.on('connection', (socket) => {
  socket.on('room:join', ({ room }, done) => answer(done, socket.join(room)));
  socket.on('room:leave', ({ room }, done) => answer(done, socket.leave(room)));
  socket.on('history:read', (page, done) => answer(done, readHistory(page)));
  socket.on('typing:set', ({ room, typing }) => {
    socket.to(room).volatile.emit('typing:changed', { room, user: socket.id, typing });
  });
  socket.on('message:send', (message, done) => {
    const send = async () => {
      const { id, isNew } = await remember(message);
      if (isNew) io.to(message.room).emit('message:new', { id, ...message });
      return { id };
    };
    answer(done, send());
  });
  // To one socket past the adapter, which would log it and replay it to the next session.
  io.local.to(socket.id).emit('session:ready', { user: '', nodeId, recovered: socket.recovered });
});

http.listen(Number(PORT), '127.0.0.1', () => console.log('ready'));
