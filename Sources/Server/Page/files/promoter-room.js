// Rooms as a promoter sees them: live first, what each has brought so far, and one room with its
// products, what one unit of each would earn them, and the orders it brought.

import { button, figure, keyedList, make, setText } from './dom.js';
import { count, dateAndTime, money } from './format.js';
import { badge, stock, tile } from './parts.js';
import { say } from './words.js';
import { emptyState } from './widgets.js';
import { earningOrders } from './promoter-orders.js';
import { share } from './promoter-share.js';

const ROOMS_WATCHED_MAX = 20;
const PRODUCTS_MAX = 100;
const QUOTED_MAX = 50;
const STATES = ['live', 'paused', 'scheduled', 'ended'];

const addressOf = (room) => `#promoter/${encodeURIComponent(room)}`;

/** What is running comes first, then what will, the next one first. */
function byInterest(left, right) {
  return STATES.indexOf(left.state) - STATES.indexOf(right.state)
    || String(left.scheduledFor ?? '').localeCompare(String(right.scheduledFor ?? ''))
    || left.room.localeCompare(right.room);
}

function about(view) {
  return [
    say('by', { host: view.host }),
    view.state === 'scheduled' && view.scheduledFor
      ? say('startsAt', { time: dateAndTime(view.scheduledFor) }) : null,
  ].filter(Boolean).join(' · ');
}

/** The rooms that a promoter can bring viewers to. */
export function roomList(page) {
  const { connection, attempt } = page;
  const list = make('ul', { class: 'promoted-rooms' });
  const empty = emptyState(say('promoter.noRooms'));
  empty.hidden = true;
  const watches = new Map(); // room → function that ends it

  const showRows = keyedList(list, ({ room }) => room, ({ room }) => {
    const title = make('a', { href: addressOf(room), class: 'card-link' });
    const mark = badge();
    const hint = make('p', { class: 'hint' });
    const figures = earningFigures(['viewersBrought', 'watching', 'orders', 'pending', 'available']);
    let view = null;
    const end = watches.size < ROOMS_WATCHED_MAX
      ? connection.watch({ ticker: 'earnings', room }, figures.show) : null;
    if (end) watches.set(room, end);
    return {
      element: make('li', { class: 'card promoted-room' },
        make('div', { class: 'title-line' }, make('h2', {}, title), mark.element),
        hint, figures.element,
        make('div', { class: 'actions' },
          button(say('promoter.share'), () => share(page, { room: view }), { class: 'main' }),
          make('a', { class: 'button', href: addressOf(room), text: say('promoter.products') }))),
      update: (now) => {
        view = now;
        setText(title, now.title || room);
        mark.show(now.state);
        setText(hint, about(now));
      },
    };
  });

  async function read() {
    const answer = await attempt('room.list', { limit: 100 });
    if (!answer) return;
    const present = new Set(answer.rooms.map(({ room }) => room));
    for (const [room, end] of watches) {
      if (present.has(room)) continue;
      end();
      watches.delete(room);
    }
    showRows(answer.rooms.toSorted(byInterest));
    empty.hidden = answer.rooms.length > 0;
  }

  return {
    element: make('div', {}, list, empty),
    read,
    end: () => {
      for (const end of watches.values()) end();
    },
  };
}

/** One room. */
export function showPromoterRoom(page) {
  const { main, connection, place, attempt } = page;
  const { room } = place;
  const title = make('h1', { text: room });
  const mark = badge();
  const hint = make('p', { class: 'hint' });
  const figures = earningFigures(
    ['viewersBrought', 'watching', 'orders', 'pending', 'available', 'reversed']);
  const products = productList(page, () => view);
  const orders = earningOrders(page, room);
  let view = null;

  const showView = (now) => {
    view = now;
    setText(title, now.title || room);
    mark.show(now.state);
    setText(hint, about(now));
  };
  const endFollow = connection.follow(room, {
    onRoom: ({ room: now, listings }) => {
      showView(now);
      products.show(listings);
    },
    onRecovered: ({ room: now }) => showView(now),
    onEvent: (event) => {
      if (event.kind.startsWith('room.')) showView({ ...view, ...event });
      if (event.kind.startsWith('listing.')) products.read();
      if (event.kind.startsWith('order.')) orders.readSoon();
    },
    onRefusal: page.tellRefusal,
  });
  const endLevels = connection.on('listing.level', (level) => {
    if (level.room === room) products.level(level);
  });
  const endWatch = connection.watch({ ticker: 'earnings', room }, figures.show, page.tellRefusal);

  main.append(
    make('a', { class: 'back', href: '#promoter', text: say('allRooms') }),
    make('section', { class: 'card' },
      make('div', { class: 'title-line' }, title, mark.element,
        button(say('promoter.share'), () => share(page, { room: view ?? { room } }),
          { class: 'main' })),
      hint, figures.element),
    make('div', { class: 'columns' },
      make('section', { class: 'card', 'aria-labelledby': 'products-title' },
        make('h2', { id: 'products-title', text: say('promoter.products') }), products.element),
      make('section', { class: 'card', 'aria-labelledby': 'orders-title' },
        make('h2', { id: 'orders-title', text: say('promoter.tab.orders') }), orders.element)));
  orders.read();
  return () => {
    endFollow();
    endLevels();
    endWatch();
    orders.end();
  };
}

/** What is listed, what one unit of each would earn the promoter, and a link to each. */
function productList(page, roomNow) {
  const { attempt, place } = page;
  const list = make('ul', { class: 'rows' });
  const empty = emptyState(say('viewer.noProducts'));
  let items = [];
  const earnings = new Map(); // sku → minor units
  let quoted = '';

  const showRows = keyedList(list, ({ sku }) => sku, (first) => {
    const title = make('strong');
    const price = make('span', { class: 'price' });
    const level = make('span', { class: 'hint' });
    const earning = make('span', { class: 'earning' });
    let item = first;
    return {
      element: make('li', { class: 'product-row' }, tile(first.title),
        make('div', {}, title, make('div', {}, price, ' ', level), earning),
        button(say('promoter.share'), () => share(page, {
          room: roomNow() ?? { room: place.room }, product: item,
        }))),
      update: (now) => {
        item = now;
        setText(title, now.title);
        setText(price, money(now.price));
        setText(level, [stock(now.left), say('sold', { count: now.sold })].join(' · '));
        const amount = earnings.get(now.sku);
        setText(earning, amount === undefined ? ''
          : say('promoter.youEarn', { amount: money(amount) }));
      },
    };
  });

  function refresh() {
    showRows(items);
    empty.hidden = items.length > 0;
  }

  async function quote() {
    const skus = items.map(({ sku }) => sku);
    const asked = skus.join(' ');
    if (asked === quoted) return;
    quoted = asked;
    for (let from = 0; from < skus.length; from += QUOTED_MAX) {
      const answer = await attempt('listing.quote', {
        room: place.room, skus: skus.slice(from, from + QUOTED_MAX),
      });
      for (const earning of answer?.earnings ?? []) earnings.set(earning.sku, earning.promoter);
    }
    refresh();
  }

  function show(listings) {
    items = listings;
    refresh();
    quote();
  }

  return {
    element: make('div', {}, list, empty),
    show,
    read: async () => {
      const answer = await attempt('listing.list', { room: place.room, limit: PRODUCTS_MAX });
      if (answer) show(answer.listings);
    },
    level: ({ sku, left, sold }) => {
      items = items.map((item) => (item.sku === sku ? { ...item, left, sold } : item));
      refresh();
    },
  };
}

/** Figures of a promoter, by the names of `ticker.earnings`: {element, show(ticker)}. */
export function earningFigures(names) {
  const tones = { available: 'strong', pending: 'muted' };
  const labels = { viewersBrought: 'promoter.brought', watching: 'promoter.watching' };
  const amounts = ['pending', 'available', 'reversed', 'paid', 'debt'];
  const parts = names.map((name) => [name, figure(say(labels[name] ?? name), {
    tone: tones[name] ?? null, hint: name === 'pending' ? say('pending.hint') : null,
  })]);
  return {
    element: make('dl', { class: 'figures' }, parts.map(([, { element }]) => element)),
    show: (ticker) => {
      for (const [name, part] of parts) {
        const value = ticker[name];
        part.show(amounts.includes(name) ? money(value, ticker.currency) : count(value));
        // Nothing owed is nothing to look at.
        if (name === 'debt' || name === 'reversed') part.element.hidden = !value;
      }
    },
  };
}
