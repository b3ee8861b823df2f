// The host in a room: figures, earnings, the listings and what happens.

import { button, field, figure, keyedList, make, setText } from './dom.js';
import { count, money, partsPerMillion, rate, time } from './format.js';
import { badge, sayEvent, stock, tile } from './parts.js';
import { Room, readRest } from './room.js';
import { say } from './words.js';
import { catalogue, earningText } from './catalogue.js';

const EVENTS_SHOWN_MAX = 100;
const QUOTES_MAX = 50;

/** Shows one room to its host; gives a function that ends it. */
export function showHostRoom({ main, connection, place, tell, tellRefusal }) {
  const room = new Room();
  const earnings = new Map(); // sku → what one unit earns
  const attempt = async (method, parameters = {}) => {
    try {
      return await connection.call(method, { room: place.room, ...parameters });
    } catch (refusal) {
      tellRefusal(refusal);
      return null;
    }
  };

  const head = roomHead(attempt, tell, place.room);
  const figures = roomFigures();
  const mine = earningFigures();
  const products = catalogue({ connection, room, earnings, attempt, tellRefusal });
  const listings = roomListings(attempt, earnings);
  const log = eventLog();

  function refresh() {
    head.show(room.view);
    figures.counted(room);
    listings.show(room);
    products.refresh();
  }

  /** Asks what each listing earns under this room's pact. */
  async function quote(skus) {
    for (let start = 0; start < skus.length; start += QUOTES_MAX) {
      const answer = await attempt('listing.quote', { skus: skus.slice(start, start + QUOTES_MAX) });
      for (const earning of answer?.earnings ?? []) earnings.set(earning.sku, earning);
    }
    listings.show(room);
  }

  async function began(result, hasMissed) {
    room.begin(result);
    if (hasMissed) tell(say('missed'));
    refresh();
    await readRest(connection, room, refresh).catch(tellRefusal);
    quote(room.listings.map(({ sku }) => sku));
  }

  function happened(event) {
    const text = sayEvent(event, (sku) => room.title(sku)); // before a removed product is forgotten
    room.take(event);
    log.add(event.at, text);
    if (event.kind === 'listing.added') {
      const unknown = event.listings.map(({ sku }) => sku).filter((sku) => !earnings.has(sku));
      if (unknown.length > 0) quote(unknown);
    }
    if (event.kind === 'room.pact_raised') quote(room.listings.map(({ sku }) => sku));
    refresh();
  }

  main.append(
    head.element,
    make('div', { class: 'columns' }, figures.element, mine.element),
    make('div', { class: 'columns' }, listings.element, products.element),
    log.element);

  const ends = [
    connection.on('room.count', (counted) => {
      if (counted.room !== place.room || !room.view) return;
      room.counted(counted);
      figures.counted(room);
    }),
    connection.on('listing.level', (level) => {
      if (level.room !== place.room) return;
      room.level(level);
      listings.show(room);
    }),
    connection.watch({ ticker: 'room', room: place.room }, figures.show, tellRefusal),
    connection.watch({ ticker: 'earnings', room: place.room }, mine.show, tellRefusal),
    connection.follow(place.room, {
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

/** Title, state and what may be done with the room. */
function roomHead(attempt, tell, id) {
  const title = make('h1', { text: id });
  const mark = badge();
  const pact = make('span', { class: 'hint' });
  const share = make('input', { inputmode: 'decimal', size: 4, autocomplete: 'off' });
  const raise = make('form', { class: 'inline' },
    field(say('host.pact'), share), make('button', { text: say('host.raise') }));
  raise.addEventListener('submit', async (event) => {
    event.preventDefault();
    const pactPpm = partsPerMillion(share.value);
    if (pactPpm === null) tell(say('host.pact.bad'), 'bad');
    else if (await attempt('room.raise_pact', { pactPpm })) share.value = '';
  });
  const pause = button(say('host.pause'), () => attempt('room.pause'));
  const resume = button(say('host.resume'), () => attempt('room.resume'), { class: 'main' });
  const end = button(say('host.end'), async () => {
    if (confirm(say('host.end.sure'))) await attempt('room.end');
  }, { class: 'danger' });
  const controls = make('div', { class: 'actions' }, pause, resume, end,
    make('a', {
      class: 'button', href: `/#viewer/${encodeURIComponent(id)}`, target: '_blank',
      text: say('host.viewerPage'),
    }));
  const element = make('section', { class: 'card room-head' },
    make('a', { class: 'back', href: '#host', text: `← ${say('host.yourRooms')}` }),
    make('div', { class: 'title-line' }, title, mark.element), pact, controls, raise);
  return {
    element,
    show: (view) => {
      setText(title, view.title || view.room);
      mark.show(view.state);
      setText(pact, say('host.pactNow', { rate: rate(view.pactPpm) }));
      pause.hidden = view.state !== 'live';
      resume.hidden = view.state !== 'paused';
      end.hidden = view.state === 'ended';
      raise.hidden = view.state === 'ended' || view.pactPpm === null;
    },
  };
}

/** The room's figures as they move. */
function roomFigures() {
  const parts = Object.fromEntries(
    ['watching', 'unique', 'orders', 'units', 'gmv', 'refunded']
      .map((name) => [name, figure(say(name), { tone: name === 'gmv' ? 'strong' : null })]));
  const counted = ({ watching, unique }) => {
    parts.watching.show(count(watching));
    parts.unique.show(count(unique));
  };
  return {
    element: make('section', { class: 'card', 'aria-labelledby': 'figures-title' },
      make('h2', { id: 'figures-title', text: say('host.figures') }),
      make('dl', { class: 'figures' }, Object.values(parts).map(({ element }) => element))),
    counted,
    show: (ticker) => {
      // How many watch comes with `room.count`, which is the fresher of the two.
      parts.orders.show(count(ticker.orders));
      parts.units.show(count(ticker.units));
      parts.gmv.show(money(ticker.gmv, ticker.currency));
      parts.refunded.show(money(ticker.refunded, ticker.currency));
    },
  };
}

/** What the host earns here; what is pending is never called earned. */
function earningFigures() {
  const available = figure(say('available'), { tone: 'strong' });
  const pending = figure(say('pending'), { tone: 'muted', hint: say('pending.hint') });
  const reversed = figure(say('reversed'));
  return {
    element: make('section', { class: 'card', 'aria-labelledby': 'earnings-title' },
      make('h2', { id: 'earnings-title', text: say('host.earnings') }),
      make('dl', { class: 'figures' }, available.element, pending.element, reversed.element)),
    show: (ticker) => {
      available.show(money(ticker.available, ticker.currency));
      pending.show(money(ticker.pending, ticker.currency));
      reversed.show(money(ticker.reversed, ticker.currency));
    },
  };
}

/** The listed products with what each earns. */
function roomListings(attempt, earnings) {
  const list = make('ul', { class: 'rows scroll' });
  const empty = make('p', { class: 'hint', text: say('host.noListings') });
  let pinned = null;
  const showRows = keyedList(list, ({ sku }) => sku, ({ sku, title: name }) => {
    const title = make('strong');
    const price = make('span', { class: 'price' });
    const level = make('span', { class: 'hint' });
    const earning = make('span', { class: 'earning' });
    const pin = button(say('host.pin'), () =>
      attempt('listing.pin', { sku: pinned === sku ? null : sku }));
    const remove = button(say('host.remove'), () => attempt('listing.remove', { sku }));
    const element = make('li', { class: 'row' }, tile(name),
      make('div', { class: 'grow' }, title, make('div', {}, price, ' ', level), earning),
      make('div', { class: 'actions' }, pin, remove));
    return {
      element,
      update: (listing) => {
        setText(title, listing.title);
        setText(price, money(listing.price));
        setText(level, `${stock(listing.left)} · ${say('sold', { count: count(listing.sold) })}`);
        setText(earning, earningText(earnings.get(sku)));
        element.classList.toggle('pinned', pinned === sku);
        setText(pin, say(pinned === sku ? 'host.unpin' : 'host.pin'));
        pin.setAttribute('aria-pressed', String(pinned === sku));
      },
    };
  });
  return {
    element: make('section', { class: 'card', 'aria-labelledby': 'listings-title' },
      make('h2', { id: 'listings-title', text: say('host.listings') }), list, empty),
    show: (room) => {
      pinned = room.view?.pinned ?? null;
      showRows(room.listings);
      empty.hidden = room.listings.length > 0;
    },
  };
}

/** What happens in the room, the newest first. */
function eventLog() {
  const list = make('ol', { class: 'events', reversed: true, tabindex: '0' });
  return {
    element: make('section', { class: 'card', 'aria-labelledby': 'events-title' },
      make('h2', { id: 'events-title', text: say('host.events') }), list),
    add: (at, text) => {
      list.prepend(make('li', {}, make('time', { datetime: at, text: time(at) }), ' ', text));
      while (list.children.length > EVENTS_SHOWN_MAX) list.lastChild.remove();
    },
  };
}
