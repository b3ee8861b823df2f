// Parts that more than one role shows: a room's badge, a product, an event in words.

import { make, setText } from './dom.js';
import { count, rate } from './format.js';
import { say } from './words.js';

/** The state of a room: {element, show(state)}. */
export function badge(state = null) {
  const element = make('span', { class: 'badge' });
  const show = (now) => {
    element.dataset.state = now;
    setText(element, say(`room.${now}`));
  };
  if (state) show(state);
  return { element, show };
}

/** A coloured tile with the first letter of a title; pictures elsewhere are not fetched. */
export function tile(title) {
  let sum = 0;
  for (const letter of title) sum = (sum * 31 + letter.codePointAt(0)) % 6;
  return make('span', {
    class: `tile tile-${sum}`, 'aria-hidden': 'true', text: [...title.trim()][0] ?? '·',
  });
}

/** How much is left, in words. */
export function stock(left) {
  if (left === null || left === undefined) return say('left.unlimited');
  return left <= 0 ? say('left.none') : say('left', { count: count(left) });
}

/** One event of a room in words; `titleOf(sku)` names a product. */
export function sayEvent(event, titleOf) {
  const titles = () => {
    const named = event.listings?.map(({ title }) => title)
      ?? event.lines?.map(({ sku, units }) => `${units} × ${titleOf(sku)}`)
      ?? [titleOf(event.sku)];
    return named.join(say('joiner'));
  };
  switch (event.kind) {
    case 'room.pact_raised':
      return say('event.room.pact_raised', { rate: rate(event.pactPpm) });
    case 'listing.pinned':
      if (event.sku === null) return say('event.listing.unpinned');
      return say('event.listing.pinned', { titles: titles() });
    case 'listing.reordered':
      return say('event.listing.reordered');
    default:
      if (event.kind.startsWith('room.')) return say(`event.${event.kind}`);
      return say(`event.${event.kind}`, { titles: titles() });
  }
}

/** A random name, where the browser's own needs a secure page and this one may have none. */
export function randomName(length = 10) {
  const letters = 'abcdefghijkmnpqrstuvwxyz23456789';
  const bytes = crypto.getRandomValues(new Uint8Array(length));
  return Array.from(bytes, (byte) => letters[byte % letters.length]).join('');
}
