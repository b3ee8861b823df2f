// Parts that more than one role shows: a room's badge, a product, an event in words.

import { button, make, setText } from './dom.js';
import { count, dateAndTime, rate } from './format.js';
import { emptyState } from './widgets.js';
import { say } from './words.js';

const ROOMS_AT_ONCE = 100;

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

/** A coloured tile with the first letter of a title. */
export function tile(title) {
  let sum = 0;
  for (const letter of title) sum = (sum * 31 + letter.codePointAt(0)) % 6;
  return make('span', {
    class: `tile tile-${sum}`, 'aria-hidden': 'true', text: [...title.trim()][0] ?? '·',
  });
}

/**
 * The picture of a product. Only this server's own pictures are fetched, as the page's policy says;
 * for others, and where one cannot be had, a tile stands in.
 */
export function picture({ title, picture: address }) {
  const isOwn = address && address.startsWith('/') && !address.startsWith('//');
  if (!isOwn) return tile(title);
  const image = make('img', { class: 'tile', src: address, alt: '', loading: 'lazy', decoding: 'async' });
  image.addEventListener('error', () => image.replaceWith(tile(title)), { once: true });
  return image;
}

/** How much is left, in words. */
export function stock(left) {
  if (left === null || left === undefined) return say('left.unlimited');
  return left <= 0 ? say('left.none') : say('left', { count: count(left) });
}

/** What stands where a room should be that is not there. */
export function missingRoom(back) {
  return emptyState(say('noSuchRoom'),
    make('a', { class: 'button', href: back, text: say('rooms') }));
}

/** When a room begins, or who runs it. */
export function aboutRoom({ host, state, scheduledFor }) {
  return [
    say('by', { host }),
    state === 'scheduled' && scheduledFor ? say('startsAt', { time: dateAndTime(scheduledFor) }) : null,
  ].filter(Boolean).join(' · ');
}

/** One event of a room in words; `titleOf(sku)` names a product. */
export function sayEvent(event, titleOf) {
  const titles = () => {
    const named = event.listings?.map(({ title }) => title)
      ?? event.lines?.map(({ sku, units }) => `${units} × ${titleOf(sku)}`)
      ?? [titleOf(event.sku)];
    const shown = named.slice(0, 3).join(say('joiner'));
    return named.length > 3 ? say('andMore', { titles: shown, count: count(named.length - 3) }) : shown;
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

/**
 * The rooms in some states, page by page: {more, read()}. `more` is the button that turns to another page,
 * hidden where there is none; `read()` reads as many as were turned to anew, and `show(rooms)` gets them.
 * `list(parameters)` calls `room.list`, and gives null where that was refused.
 */
export function roomPages({ list, states, show }) {
  let pages = 1;
  const more = button(say('more'), () => {
    pages += 1;
    return read();
  }, { hidden: true });

  async function read() {
    const found = [];
    let after = null;
    for (let page = 0; page < pages && (page === 0 || after !== null); page += 1) {
      const answer = await list({
        states, limit: ROOMS_AT_ONCE, ...(after === null ? {} : { after }),
      });
      if (!answer) return;
      found.push(...answer.rooms);
      after = answer.rooms.length < ROOMS_AT_ONCE ? null : found[found.length - 1].room;
    }
    more.hidden = after === null;
    show(found);
  }

  return { more, read };
}

/** Puts a text on the clipboard; a promise of whether it is there. */
export async function copyText(text) {
  if (navigator.clipboard) {
    return navigator.clipboard.writeText(text).then(() => true, () => false);
  }
  // The clipboard is there only on secure pages; the old way is not.
  const box = make('textarea', { class: 'unseen', readonly: true });
  box.value = text;
  (document.querySelector('dialog[open]') ?? document.body).append(box);
  box.select();
  const isDone = document.execCommand('copy');
  box.remove();
  return isDone;
}

/** Puts a text on the clipboard and says so, or that it is not there. */
export async function copyAndTell({ tell }, text) {
  if (await copyText(text)) tell(say('copied'), 'good');
  else tell(say('copied.not'), 'bad');
}

/** A random name, where the browser's own needs a secure page and this one may have none. */
export function randomName(length = 10) {
  const letters = 'abcdefghijkmnpqrstuvwxyz23456789';
  const bytes = crypto.getRandomValues(new Uint8Array(length));
  return Array.from(bytes, (byte) => letters[byte % letters.length]).join('');
}
