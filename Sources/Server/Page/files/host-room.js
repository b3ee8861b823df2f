// The host in a room: figures, earnings, the listings and what happens. The parts are in files of their
// own; here they are given the same room and told of the same pushes.

import { make } from './dom.js';
import { missingRoom, sayEvent } from './parts.js';
import { Room, readRest } from './room.js';
import { tabs } from './widgets.js';
import { say } from './words.js';
import { catalogue } from './catalogue.js';
import { eventLog } from './host-events.js';
import { showFigures } from './host-figures.js';
import { roomHead } from './host-head.js';
import { roomListings } from './host-listings.js';
import { showReport } from './host-report.js';
import { productSets } from './host-sets.js';

const QUOTES_MAX = 50;
/** How many events of the past are asked for: the server gives at most 1,000, and not too many bytes. */
const PAST_EVENTS = [900, 200, 50];

/** Shows one room to its host; gives a function that ends it. */
export function showHostRoom(page) {
  const { main, connection, place, tell, tellRefusal } = page;
  const room = new Room();
  let isTimelineAsked = false;
  const earnings = new Map(); // sku → what one unit earns
  const attempt = async (method, parameters = {}) => {
    try {
      return await connection.call(method, { room: place.room, ...parameters });
    } catch (refusal) {
      tellRefusal(refusal);
      return null;
    }
  };

  const head = roomHead({ attempt, tell, id: place.room });
  const figures = showFigures(place.room);
  const products = catalogue({ connection, room, earnings, attempt, tellRefusal });
  const listings = roomListings({ attempt, tell, earnings, toCatalogue: () => sections.select('catalogue') });
  const sets = productSets({ connection, room, attempt, tell, tellRefusal, onEarnings: learn });
  const log = eventLog(figures.happened);
  const report = showReport({ connection, room, tell });
  const sections = tabs({
    label: say('host.show'),
    panels: [
      { key: 'listings', label: say('host.listings'), element: listings.element },
      { key: 'catalogue', label: say('host.catalogue'), element: products.element },
      { key: 'sets', label: say('host.sets'), element: sets.element },
      { key: 'events', label: say('host.events'), element: log.element },
    ],
    onSelect: (key) => {
      if (key === 'sets') sets.read();
    },
  });

  function refresh() {
    head.show(room.view);
    figures.counted(room);
    figures.over(room.view);
    listings.show(room);
    products.refresh();
    sets.refresh();
    report.show(room.view);
    // Nothing can be listed any more.
    for (const key of ['catalogue', 'sets']) sections.offer(key, room.view.state !== 'ended');
  }

  function learn(answer) {
    for (const earning of answer?.earnings ?? []) earnings.set(earning.sku, earning);
    listings.show(room);
    products.refresh();
  }

  /** Asks what each listing earns under this room's pact. */
  async function quote(skus) {
    for (let start = 0; start < skus.length; start += QUOTES_MAX) {
      learn(await attempt('listing.quote', { skus: skus.slice(start, start + QUOTES_MAX) }));
    }
  }

  /** Fills the log with what happened before this window came. */
  async function readPast({ epoch, offset }) {
    for (const many of PAST_EVENTS) {
      const since = { epoch, offset: Math.max(0, offset - many) };
      const answer = await attempt('room.join', { since });
      if (!answer) return;
      if (!answer.recovered) continue;
      const past = answer.events.filter((event) => event.offset <= offset);
      log.fill(past.map((event) => [event, sayEvent(event, (sku) => room.title(sku))]));
      return;
    }
  }

  async function began(result, hasMissed) {
    room.begin(result);
    if (hasMissed) tell(say('missed'));
    log.clear(); // what was there is told again with the rest of the past
    refresh();
    await readRest(connection, room, refresh).catch(tellRefusal);
    quote(room.listings.map(({ sku }) => sku));
    if (result.offset > 0) await readPast(result);
  }

  function happened(event) {
    const text = sayEvent(event, (sku) => room.title(sku)); // before a removed product is forgotten
    room.take(event);
    log.add(event, text);
    if (event.kind === 'listing.added') {
      const unknown = event.listings.map(({ sku }) => sku).filter((sku) => !earnings.has(sku));
      if (unknown.length > 0) quote(unknown);
    }
    if (event.kind === 'room.pact_raised' || event.kind === 'room.opened') {
      quote(room.listings.map(({ sku }) => sku));
    }
    refresh();
  }

  main.append(
    head.element,
    make('div', { class: 'show-columns' },
      make('div', { class: 'stack' }, figures.element),
      make('div', { class: 'stack' }, report.element, sections.element)));

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
      report.show(room.view);
    }),
    connection.watch({ ticker: 'room', room: place.room }, (ticker) => {
      figures.show(ticker);
      report.sold(ticker);
      if (isTimelineAsked) return;
      isTimelineAsked = true;
      connection.callRepeatedly('room.timeline', { room: place.room })
        .then(figures.sofar, tellRefusal);
    }, tellRefusal),
    connection.watch({ ticker: 'earnings', room: place.room }, (ticker) => {
      figures.earned(ticker);
      report.earned(ticker);
    }, tellRefusal),
    connection.follow(place.room, {
      onRoom: began,
      onRecovered: (result) => {
        room.counted(result);
        refresh();
      },
      onEvent: happened,
      onRefusal: (refusal) => {
        tellRefusal(refusal);
        if (refusal.code === 'unknown_room') main.replaceChildren(missingRoom('#host'));
      },
    }),
    head.end,
  ];
  return () => ends.forEach((end) => end());
}
