// The peer that a user of Node would write: a server with `ws`, one set of sockets for each room.
//
//     node fanout.js PORT    prints "ready" when it listens on 127.0.0.1
//
// GET /ROOM with an upgrade joins; POST /ROOM sends its body, one prepared buffer, to each member.
const http = require('http');
const { WebSocketServer } = require('/usr/share/nodejs/ws');

const rooms = new Map();
const server = http.createServer((request, response) => {
  const parts = [];
  request.on('data', (part) => parts.push(part));
  request.on('end', () => {
    const message = Buffer.concat(parts);
    for (const member of rooms.get(request.url) ?? []) member.send(message, { binary: false });
    response.writeHead(202, { 'Content-Length': 0 });
    response.end();
  });
});
const sockets = new WebSocketServer({ server, perMessageDeflate: false });
sockets.on('connection', (socket, request) => {
  if (!rooms.has(request.url)) rooms.set(request.url, new Set());
  const room = rooms.get(request.url);
  room.add(socket);
  socket.on('close', () => room.delete(socket));
  socket.on('error', () => room.delete(socket));
});
server.keepAliveTimeout = 600000;
server.listen(Number(process.argv[2]), '127.0.0.1', 4096, () => console.log('ready'));
