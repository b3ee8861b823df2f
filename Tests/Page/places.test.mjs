// What an address asks for, whoever wrote it; what a name may do to its neighbours; where a token is kept; and
// what a report that is sent again has in common with the first. Run by Tools/check-page.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

// The page's files are modules without saying so in their names: they are loaded by their text.
async function module(name) {
  const source = await readFile(
    new URL(`../../Sources/Server/Page/files/${name}`, import.meta.url), 'utf8');
  return import(`data:text/javascript,${encodeURIComponent(source)}`);
}

const { arrivedQuery, placeOf, roomOf } = await module('place.js');
const { SignIn, inMemory } = await module('session.js');
const { reportedOnce } = await module('api.js');
const { plain } = await module('dom.js');

const roles = ['host', 'promoter', 'viewer', 'ops'];
const place = (hash, search = '') => placeOf({ hash, search }, roles);

test('an address leads to its role and room', () => {
  assert.deepEqual(place('#host/show%201'), {
    role: 'host', room: 'show 1', isLanding: false, link: null, rejected: null,
  });
  assert.equal(place('').role, 'viewer');
  assert.equal(place('#ops/orders').room, 'orders');
});

test('only a landing link puts the room into the query', () => {
  const landed = place('#viewer', '?room=r1&link=L&rejected=link_expired');
  assert.deepEqual(landed, {
    role: 'viewer', room: 'r1', isLanding: true, link: 'L', rejected: 'link_expired',
  });
  assert.equal(place('#viewer/r2', '?room=r1').isLanding, false);
  assert.equal(place('#host', '?room=r1').room, null);
});

test('an address that nobody would write leads somewhere all the same', () => {
  for (const name of ['__proto__', 'constructor', 'toString', 'nobody']) {
    assert.equal(place(`#${name}`).role, 'viewer', name);
  }
  assert.equal(place('#viewer/%E0%A4%A').room, '%E0%A4%A');
  assert.equal(roomOf({ hash: '#%E0%A4%A' }), '%E0%A4%A');
});

test('how the visitor came is told once, and the room stays', () => {
  assert.equal(arrivedQuery('?room=r1&link=L&rejected=x'), '?room=r1');
  assert.equal(arrivedQuery('?link=L'), '');
});

test('a name turns nothing around that stands beside it', () => {
  assert.equal(plain('Mallory \u202e(1-eci\u2066la)\u202c'), 'Mallory (1-ecila)');
  assert.equal(plain('שלום 茶 é'), 'שלום 茶 é');
  assert.equal(plain(null), '');
});

/** A tab's storage and a server that is no demonstration. */
function browser() {
  const kept = new Map();
  globalThis.sessionStorage = {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => kept.set(key, value),
    removeItem: (key) => kept.delete(key),
  };
  globalThis.fetch = async () => ({ ok: false, status: 404 });
  return kept;
}

test('a token that the page around a frame gives stays in the frame', async () => {
  const kept = browser();
  const framed = new SignIn('viewer', {
    mayHaveCookie: false, askForToken: async () => 'theirs', storage: inMemory(),
  });
  assert.equal(await framed.credentials(false), 'theirs');
  assert.equal(framed.token, 'theirs');
  assert.equal(kept.size, 0);
  const beside = new SignIn('viewer', { mayHaveCookie: false, askForToken: async () => 'mine' });
  assert.equal(await beside.credentials(false), 'mine');
  assert.equal(await framed.credentials(false), 'theirs');
});

test('whoever has no cookie after all is asked, and not told that a token was refused', async () => {
  browser();
  const asked = [];
  const signIn = new SignIn('viewer', {
    mayHaveCookie: true,
    askForToken: async (wasRefused) => {
      asked.push(wasRefused);
      return `token-${asked.length}`;
    },
  });
  assert.equal(await signIn.credentials(false), null);
  assert.equal(await signIn.credentials(true), 'token-1');
  assert.equal(await signIn.credentials(true), 'token-2');
  assert.deepEqual(asked, [false, true]);
});

test('a report that is sent again is the same', (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: 1_000_000 });
  const report = reportedOnce(['refund', 'refundedAt'], 'refund-1');
  t.mock.timers.tick(5000);
  const first = report();
  t.mock.timers.tick(5000);
  assert.deepEqual(report(), first);
  assert.deepEqual(first, { refund: 'refund-1', refundedAt: '1970-01-01T00:16:45.000Z' });
});
