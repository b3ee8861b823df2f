// Rooms as a promoter sees them: live first, what each has brought so far, and one room with its
// products, what one unit of each would earn them, and the orders it brought.

import { button, figure, keyedList, make, setText } from './dom.js';
import { count, dateAndTime, money } from './format.js';
import { aboutRoom, badge, picture, roomPages, stock } from './parts.js';
import { say } from './words.js';
import { emptyState } from './widgets.js';
import { earningOrders } from './promoter-orders.js';
import { share } from './promoter-share.js';

const PRODUCTS_MAX = 100;
const QUOTED_MAX = 50;

const addressOf = (room) => `#promoter/${encodeURIComponent(room)}`;

/** What is running, what will, and what is over: each with its states and what comes first in it. */
const GROUPS = [
  { title: 'viewer.live', states: ['live', 'paused'],
    key: ({ state, room }) => `${state} ${room}` },
  { title: 'viewer.soon', states: ['scheduled'], key: ({ scheduledFor }) => scheduledFor ?? '' },
  { title: 'host.past', states: ['ended'], key: ({ endedAt }) => endedAt ?? '', isNewestFirst: true },
];

/** The rooms that a promoter can bring viewers to, and those that they have brought them to. */
export function roomList(page) {
  const { connection, attempt } = page;
  const empty = emptyState(say('promoter.noRooms'));
  empty.hidden = true;
  const list = (parameters) => attempt('room.list', parameters);
  // Figures move in what is looked at, so that a connection watches a few rooms and not all there are.
  const watches = new Map(); // element → {begin, end}
  const sight = new IntersectionObserver((seen) => {
    for (const { target, isIntersecting } of seen) {
      const watch = watches.get(target);
      watch?.end?.();
      if (watch) watch.end = isIntersecting ? watch.begin() : null;
    }
  }, { rootMargin: '50% 0px' }); // figures are there when a row comes into sight

  function row({ room, state }) {
    const title = make('a', { href: addressOf(room), class: 'card-link' });
    const mark = badge();
    const hint = make('p', { class: 'hint' });
    const isOver = state === 'ended';
    const figures = earningFigures(isOver ? ['viewersBrought', 'orders', 'pending', 'available']
      : ['viewersBrought', 'watching', 'orders', 'pending', 'available']);
    let view = null;
    const element = make('li', { class: 'card promoted-room' },
      make('div', { class: 'title-line' }, make('h3', {}, title), mark.element),
      hint, figures.element,
      make('div', { class: 'actions' },
        isOver ? null
          : button(say('promoter.share'), () => share(page, { room: view }), { class: 'main' }),
        make('a', {
          class: 'button', href: addressOf(room),
          text: say(isOver ? 'promoter.tab.orders' : 'promoter.products'),
        })));
    watches.set(element, {
      begin: () => connection.watch({ ticker: 'earnings', room }, figures.show), end: null,
    });
    sight.observe(element);
    return {
      element,
      update: (now) => {
        view = now;
        setText(title, now.title || room);
        mark.show(now.state);
        setText(hint, isOver ? [aboutRoom(now), dateAndTime(now.endedAt)].join(' · ') : aboutRoom(now));
      },
    };
  }

  const groups = GROUPS.map(({ title, states, key, isNewestFirst }, index) => {
    const rows = make('ul', { class: 'promoted-rooms' });
    const showRows = keyedList(rows, ({ room }) => room, row);
    const { more, read } = roomPages({
      list, states,
      show: (rooms) => {
        const sorted = rooms.sort((one, other) => key(one).localeCompare(key(other)));
        showRows(isNewestFirst ? sorted.reverse() : sorted);
        for (const [gone, watch] of watches) {
          if (gone.parentNode) continue;
          sight.unobserve(gone);
          watch.end?.();
          watches.delete(gone);
        }
        element.hidden = rooms.length === 0;
      },
    });
    const id = `rooms-title-${index}`;
    const element = make('section', { class: 'stack', 'aria-labelledby': id, hidden: true },
      make('h2', { id, text: say(title) }), rows, more);
    return { element, read };
  });

  return {
    element: make('div', { class: 'stack' }, empty, groups.map(({ element }) => element)),
    read: async () => {
      await Promise.all(groups.map(({ read }) => read()));
      const [live, soon] = groups;
      empty.hidden = !live.element.hidden || !soon.element.hidden;
    },
    end: () => {
      sight.disconnect();
      for (const { end } of watches.values()) end?.();
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
    setText(hint, aboutRoom(now));
  };
  const endFollow = connection.follow(room, {
    onRoom: ({ room: now, listings }) => {
      showView(now);
      products.forget();
      products.show(listings);
    },
    onRecovered: ({ room: now }) => {
      showView(now);
      products.quote(); // what the lost connection left without an answer
    },
    onEvent: (event) => {
      if (event.kind.startsWith('room.')) showView({ ...view, ...event });
      if (event.kind === 'room.opened' || event.kind === 'room.pact_raised') {
        products.forget();
        products.quote();
      }
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
  let quoted = ''; // the products whose earnings are known, or asked for

  const showRows = keyedList(list, ({ sku }) => sku, (first) => {
    const title = make('strong');
    const price = make('span', { class: 'price' });
    const level = make('span', { class: 'hint' });
    const earning = make('span', { class: 'earning' });
    let item = first;
    return {
      element: make('li', { class: 'product-row' }, picture(first),
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

  /** Has everything asked for anew: the pact is another one, or there was no answer. */
  function forget() {
    quoted = '';
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
      if (!answer) forget();
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
    quote,
    forget,
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
