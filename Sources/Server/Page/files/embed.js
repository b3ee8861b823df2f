// A room to put into a frame of another page: `/embed#ROOM`. It shows what is on show, what is left and
// what was sold, as they move, and leads into the room; nothing can be bought or changed here.
//
// Who looks is a guest of the demonstration, or whoever the page around the frame signs in: it answers
// `waggle.signIn` with {type: 'waggle.token', token}, where the token is its viewer's.

import { Connection } from './protocol.js';
import { keyedList, make, setText } from './dom.js';
import { count, money, setStorefront } from './format.js';
import { badge, picture, stock } from './parts.js';
import { Room } from './room.js';
import { roomOf } from './place.js';
import { SignIn, inMemory } from './session.js';
import { emptyState } from './widgets.js';
import { language, say } from './words.js';

const PRODUCTS_MAX = 4;
const main = document.getElementById('main');

/** A token from the page around this one. */
function askParent() {
  return new Promise((resolve) => {
    addEventListener('message', function take({ source, data }) {
      if (source !== parent || data?.type !== 'waggle.token' || typeof data.token !== 'string') return;
      removeEventListener('message', take);
      resolve(data.token);
    });
    // Nothing secret: it asks, and whoever answers signs in a viewer of their own.
    parent.postMessage({ type: 'waggle.signIn' }, '*');
  });
}

function product(listing, isOnShow) {
  const title = make('strong');
  const price = make('span', { class: 'price' });
  const levels = make('span', { class: 'hint' });
  const mark = make('span', { class: 'on-show', text: say('viewer.pinned') });
  const element = make('li', { class: 'row listing' }, picture(listing),
    make('div', { class: 'grow' }, make('div', {}, mark, ' ', title), price, ' ', levels));
  return {
    element,
    update: (now) => {
      setText(title, now.title);
      setText(price, money(now.price));
      setText(levels, `${stock(now.left)} · ${say('sold', { count: count(now.sold) })}`);
      mark.hidden = !isOnShow(now);
    },
  };
}

function show(id) {
  const room = new Room();
  const title = make('h1', { text: id });
  const mark = badge();
  const watching = make('span', { class: 'hint' });
  const list = make('ul', { class: 'rows' });
  const empty = emptyState(say('viewer.noProducts'));
  const update = keyedList(list, ({ sku }) => sku, (listing) =>
    product(listing, ({ sku }) => sku === room.view.pinned));
  main.replaceChildren(make('section', { class: 'card', 'aria-label': say('embed.title') },
    make('div', { class: 'title-line' }, title, mark.element, watching), list, empty,
    make('a', {
      class: 'button main wide', target: '_blank', rel: 'noopener',
      href: `/#viewer/${encodeURIComponent(id)}`, text: say('embed.open'),
    })));

  function refresh() {
    const { view, pinned, listings } = room;
    setText(title, view.title || view.room);
    mark.show(view.state);
    setText(watching, say('viewer.watching', { count: count(room.watching) }));
    const others = listings.filter((listing) => listing !== pinned);
    update([pinned, ...others].filter(Boolean).slice(0, PRODUCTS_MAX));
    empty.hidden = listings.length > 0;
  }

  // Kept here only: whoever frames this page must not sign in the pages beside it.
  const signIn = new SignIn('viewer', {
    mayHaveCookie: false, askForToken: askParent, storage: inMemory(),
  });
  const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
  const connection = new Connection({
    address: `${scheme}://${location.host}/v1/socket`,
    credentials: (wasRefused) => signIn.credentials(wasRefused),
    onState: (state, { session } = {}) => {
      if (session) setStorefront(session);
    },
  });
  const isMine = (push) => push.room === id && room.view !== null;
  connection.on('room.count', (counted) => {
    if (!isMine(counted)) return;
    room.counted(counted);
    refresh();
  });
  connection.on('listing.level', (level) => {
    if (!isMine(level)) return;
    room.level(level);
    refresh();
  });
  connection.open();
  connection.follow(id, {
    onRoom: (result) => {
      room.begin(result);
      refresh();
    },
    onRecovered: (result) => {
      room.counted(result);
      refresh();
    },
    onEvent: (event) => {
      room.take(event);
      refresh();
    },
    onRefusal: ({ message }) => main.replaceChildren(emptyState(message)),
  });
}

document.documentElement.lang = language();
const room = roomOf(location);
if (room) show(room);
else main.replaceChildren(emptyState(say('embed.noRoom')));
addEventListener('hashchange', () => location.reload());
