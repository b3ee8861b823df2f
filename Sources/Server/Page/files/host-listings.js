// The listed products of a room with what each earns: show, reorder and remove.

import { button, keyedList, make, setText } from './dom.js';
import { count, money } from './format.js';
import { picture, stock } from './parts.js';
import { emptyState } from './widgets.js';
import { say } from './words.js';
import { earningLines } from './catalogue.js';

const REORDERED_MAX = 500;

/** The listings: {element, show(room)}. */
export function roomListings({ attempt, tell, earnings, toCatalogue }) {
  const list = make('ul', { class: 'rows' });
  const empty = emptyState(say('host.noListings'),
    button(say('host.toCatalogue'), toCatalogue, { class: 'main' }));
  const emptyAtEnd = emptyState(say('host.noneListed'));
  const title = make('h2', { id: 'listings-title' });
  let room = null;

  /** Moves a product by one place: whatever stands before it is told, in the new order. */
  async function move(sku, step) {
    const skus = room.listings.map((listing) => listing.sku);
    const index = skus.indexOf(sku);
    const other = index + step;
    if (index < 0 || other < 0 || other >= skus.length) return;
    [skus[index], skus[other]] = [skus[other], skus[index]];
    const first = skus.slice(0, Math.max(index, other) + 1);
    if (first.length <= REORDERED_MAX) await attempt('listing.reorder', { skus: first });
  }

  function row({ sku, title: name, picture: address }) {
    const heading = make('strong');
    const price = make('span', { class: 'price' });
    const level = make('span', { class: 'hint' });
    const earning = earningLines();
    const pin = button(say('host.pin'), () =>
      attempt('listing.pin', { sku: room.view.pinned === sku ? null : sku }));
    const up = button('↑', () => move(sku, -1), { class: 'icon', 'aria-label': say('host.up', { title: name }) });
    const down = button('↓', () => move(sku, 1), { class: 'icon', 'aria-label': say('host.down', { title: name }) });
    const remove = button('✕', async () => {
      if (await attempt('listing.remove', { sku })) tell(say('host.removed', { title: name }));
    }, { class: 'icon', 'aria-label': say('host.remove', { title: name }) });
    const mark = make('span', { class: 'on-show', text: say('host.pinned') });
    const element = make('li', { class: 'row listing' }, picture({ title: name, picture: address }),
      make('div', { class: 'grow' }, make('div', {}, mark, ' ', heading),
        make('div', {}, price, ' ', level), earning.element),
      make('div', { class: 'listing-actions' }, pin, up, down, remove));
    return {
      element,
      update: (listing) => {
        const isPinned = room.view.pinned === sku;
        const isOver = room.view.state === 'ended';
        setText(heading, listing.title);
        setText(price, money(listing.price));
        setText(level, `${stock(listing.left)} · ${say('sold', { count: count(listing.sold) })}`);
        level.classList.toggle('bad', listing.left === 0);
        earning.show(earnings.get(sku));
        element.classList.toggle('pinned', isPinned);
        mark.hidden = !isPinned;
        setText(pin, say(isPinned ? 'host.unpin' : 'host.pin'));
        pin.classList.toggle('main', !isPinned);
        pin.setAttribute('aria-label', `${pin.textContent}: ${listing.title}`);
        up.disabled = room.listings[0]?.sku === sku;
        down.disabled = room.listings[room.listings.length - 1]?.sku === sku;
        for (const one of [pin, up, down, remove]) one.hidden = isOver;
      },
    };
  }
  const showRows = keyedList(list, ({ sku }) => sku, row);

  return {
    element: make('section', { class: 'card', 'aria-labelledby': 'listings-title' }, title, list, empty,
      emptyAtEnd),
    show: (now) => {
      room = now;
      if (!room.view) return;
      setText(title, `${say('host.listings')} (${count(room.listings.length)})`);
      showRows(room.listings);
      const isOver = room.view.state === 'ended';
      empty.hidden = isOver || room.listings.length > 0;
      emptyAtEnd.hidden = !isOver || room.listings.length > 0;
    },
  };
}
