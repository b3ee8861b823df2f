// A viewer in a room: what is on show, every product with its stock, and the viewer's own orders.

import { button, keyedList, make, setText } from './dom.js';
import { count, money } from './format.js';
import { badge, sayEvent, stock, tile } from './parts.js';
import { Orders } from './viewer-orders.js';
import { Room, readRest } from './room.js';
import { say, sayReason } from './words.js';

const UNITS_MAX = 5;
/** Events that every viewer is told in words; the others show by themselves. */
const TOLD = ['room.opened', 'room.paused', 'room.resumed', 'room.ended', 'listing.pinned'];

/** Shows one room to a viewer; gives a function that ends it. */
export function showViewerRoom(page) {
  const { main, connection, place, tell, tellRefusal } = page;
  const room = new Room();
  const orders = new Orders(page);
  const title = make('h1', { text: place.room });
  const mark = badge();
  const about = make('p', { class: 'hint' });
  const grid = make('ul', { class: 'products' });
  const empty = make('p', { class: 'hint', text: say('viewer.noProducts'), hidden: true });
  const showProducts = keyedList(grid, ({ sku }) => sku, (listing) =>
    product(listing, room, (units) => orders.place(listing.sku, room.title(listing.sku), units)));

  function refresh() {
    const { view } = room;
    setText(title, view.title || view.room);
    mark.show(view.state);
    setText(about, [
      say('by', { host: view.host }), `${say('watching')} ${count(room.watching)}`,
      view.state === 'live' ? null : say('viewer.notLive'),
    ].filter(Boolean).join(' · '));
    // What is on show comes first, and large.
    const { pinned } = room;
    showProducts(pinned
      ? [pinned, ...room.listings.filter((listing) => listing !== pinned)] : room.listings);
    empty.hidden = room.listings.length > 0;
  }

  async function began(result, hasMissed) {
    room.begin(result);
    if (hasMissed) tell(say('missed'));
    if (result.touch) tellTouch(result.touch);
    refresh();
    await readRest(connection, room, refresh).catch(tellRefusal);
  }

  function tellTouch({ accepted, promoter, reason, message }) {
    if (accepted) tell(say('viewer.broughtBy', { promoter }), 'good');
    else tell(say('viewer.rejected', { reason: sayReason(reason, message) }), 'bad');
  }

  function happened(event) {
    room.take(event);
    if (TOLD.includes(event.kind)) tell(sayEvent(event, (sku) => room.title(sku)));
    if (event.kind.startsWith('order.')) orders.mayHaveChanged(event.lines);
    refresh();
  }

  main.append(
    make('section', { class: 'card room-head' },
      make('a', { class: 'back', href: '/#viewer', text: `← ${say('allRooms')}` }),
      make('div', { class: 'title-line' }, title, mark.element), about),
    make('section', { 'aria-labelledby': 'products-title' },
      make('h2', { id: 'products-title', text: say('viewer.products') }), grid, empty),
    orders.element);

  const ends = [
    connection.on('room.count', (counted) => {
      if (counted.room !== place.room || !room.view) return;
      room.counted(counted);
      refresh();
    }),
    connection.on('listing.level', (level) => {
      if (level.room !== place.room || !room.view) return;
      room.level(level);
      refresh();
    }),
    connection.follow(place.room, {
      link: place.link,
      onRoom: began,
      onRecovered: (result) => {
        room.counted(result);
        refresh();
        tell(say('back'), 'good');
      },
      onEvent: happened,
      onRefusal: tellRefusal,
    }),
  ];
  return () => ends.forEach((end) => end());
}

/** A product with its price, stock and the way to buy it. */
function product({ sku, title: name }, room, buy) {
  const pinnedMark = make('span', { class: 'on-show', text: say('viewer.pinned') });
  const title = make('h3');
  const price = make('span', { class: 'price' });
  const left = make('span', { class: 'hint' });
  const sold = make('span', { class: 'hint' });
  const units = make('select', { 'aria-label': say('viewer.units') });
  for (let number = 1; number <= UNITS_MAX; number += 1) {
    units.append(make('option', { value: number, text: String(number) }));
  }
  const order = button(say('viewer.buy'), () => buy(Number(units.value)), { class: 'main' });
  const element = make('li', { class: 'product' },
    tile(name),
    make('div', { class: 'grow' }, pinnedMark, title, price,
      make('div', { class: 'levels' }, left, sold)),
    make('div', { class: 'buy' }, units, order));
  return {
    element,
    update: (listing) => {
      const isPinned = room.view.pinned === sku;
      element.classList.toggle('pinned', isPinned);
      pinnedMark.hidden = !isPinned;
      setText(title, listing.title);
      setText(price, money(listing.price));
      setText(left, stock(listing.left));
      setText(sold, say('sold', { count: count(listing.sold) }));
      order.disabled = room.view.state !== 'live' || listing.left === 0;
      order.setAttribute('aria-label', `${say('viewer.buy')} ${listing.title}`);
    },
  };
}
