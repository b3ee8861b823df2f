// A viewer in a room: what is on show, every product with its stock, and the viewer's own orders.

import { button, keyedList, make, setText } from './dom.js';
import { count, money } from './format.js';
import { badge, missingRoom, picture, sayEvent, stock } from './parts.js';
import { emptyState } from './widgets.js';
import { Orders } from './viewer-orders.js';
import { Room, readRest } from './room.js';
import { say, sayReason } from './words.js';

/** Below this stock says that there is not much left. */
const NEARLY_GONE = 20;
/** Events that every viewer is told in words; the others show by themselves. */
const TOLD = ['room.opened', 'room.paused', 'room.resumed', 'room.ended', 'listing.pinned'];

/** Shows one room to a viewer; gives a function that ends it. */
export function showViewerRoom(page) {
  const { main, connection, place, tell, tellRefusal, hasArrived } = page;
  const room = new Room();
  const orders = new Orders({ ...page, room });
  const title = make('h1', { text: place.room });
  const mark = badge();
  const about = make('span', { class: 'hint' });
  const state = make('p', { class: 'room-state', hidden: true });
  const stage = make('div', { class: 'stage' });
  const grid = make('ul', { class: 'products' });
  const empty = emptyState(say('viewer.noProducts'));
  const buy = (sku) => orders.begin(room.find(sku));
  const showStage = keyedList(stage, ({ sku }) => sku, (listing) => onStage(listing, room, buy));
  const showProducts = keyedList(grid, ({ sku }) => sku, (listing) => product(listing, room, buy));

  function refresh() {
    const { view } = room;
    setText(title, view.title || view.room);
    mark.show(view.state);
    setText(about, [
      say('by', { host: view.host }), say('viewer.watching', { count: count(room.watching) }),
    ].join(' · '));
    state.hidden = view.state === 'live';
    if (!state.hidden) setText(state, say(`viewer.state.${view.state}`));
    const pinned = view.state === 'ended' ? null : room.pinned;
    showStage(pinned ? [pinned] : []);
    showProducts(room.listings.filter((listing) => listing !== pinned));
    empty.hidden = room.listings.length > 0;
    orders.refresh();
  }

  async function began(result, hasMissed) {
    room.begin(result);
    if (hasMissed) tell(say('missed'));
    if (result.touch) tellTouch(result.touch);
    refresh();
    await readRest(connection, room, refresh).catch(tellRefusal);
  }

  function tellTouch({ accepted, promoter, reason, message }) {
    hasArrived();
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
    make('section', { class: 'viewer-head' },
      make('a', { class: 'back', href: '/#viewer', text: `← ${say('allRooms')}` }),
      make('div', { class: 'title-line' }, title, mark.element, about), state),
    make('div', { class: 'viewer-columns' },
      make('div', { class: 'stack' }, stage,
        make('section', { 'aria-labelledby': 'products-title' },
          make('h2', { id: 'products-title', text: say('viewer.products') }), grid, empty)),
      orders.element));

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
        orders.read();
      },
      onEvent: happened,
      onRefusal: (refusal) => {
        tellRefusal(refusal);
        if (refusal.code === 'unknown_room') main.replaceChildren(missingRoom('/#viewer'));
      },
    }),
    () => orders.end(),
  ];
  return () => ends.forEach((end) => end());
}

/** What every product shows; `heading` is the level of its title. */
function facts(listing, room, buy, heading) {
  const title = make(heading);
  const price = make('span', { class: 'price' });
  const left = make('span', { class: 'hint' });
  const sold = make('span', { class: 'hint' });
  const order = button(say('viewer.buy'), () => buy(listing.sku), { class: 'main' });
  return {
    title, price, order,
    levels: make('div', { class: 'levels' }, left, sold),
    update: (now) => {
      setText(title, now.title);
      setText(price, money(now.price));
      const isScarce = now.left !== null && now.left > 0 && now.left < NEARLY_GONE;
      setText(left, isScarce ? say('viewer.nearlyGone', { count: count(now.left) }) : stock(now.left));
      left.classList.toggle('bad', isScarce || now.left === 0);
      setText(sold, say('sold', { count: count(now.sold) }));
      const isGone = now.left !== null && now.left <= 0;
      order.disabled = room.view.state !== 'live' || isGone;
      setText(order, isGone ? say('left.none') : say('viewer.buy'));
      order.setAttribute('aria-label',
        isGone ? `${say('left.none')}: ${now.title}` : say('viewer.buyTitle', { title: now.title }));
    },
  };
}

/** The product on show, large. */
function onStage(listing, room, buy) {
  const parts = facts(listing, room, buy, 'h2');
  return {
    element: make('section', { class: 'on-stage', 'aria-label': say('viewer.pinned') },
      picture(listing),
      make('div', { class: 'grow' },
        make('span', { class: 'on-show', text: say('viewer.pinned') }),
        parts.title, parts.price, parts.levels),
      parts.order),
    update: parts.update,
  };
}

function product(listing, room, buy) {
  const parts = facts(listing, room, buy, 'h3');
  return {
    element: make('li', { class: 'product' }, picture(listing),
      make('div', { class: 'grow' }, parts.title, parts.levels,
        make('div', { class: 'buy' }, parts.price, parts.order))),
    update: parts.update,
  };
}
