// What happens in a room, the newest first: orders as they come, and everything else.

import { make } from './dom.js';
import { time } from './format.js';
import { emptyState } from './widgets.js';
import { say } from './words.js';

const EVENTS_SHOWN_MAX = 200;

/** The log: {element, add(event, text), fill(past), clear()}; `onLatest(event, text)` hears of the newest. */
export function eventLog(onLatest) {
  const list = make('ol', { class: 'events', reversed: true, tabindex: '0', 'aria-labelledby': 'events-title' });
  const empty = emptyState(say('host.quiet'));
  let isFilled = false;
  const ordersOnly = make('input', { type: 'checkbox' });
  ordersOnly.addEventListener('change', () => list.classList.toggle('orders-only', ordersOnly.checked));

  const line = (event, text) => make('li', { 'data-kind': event.kind },
    make('time', { datetime: event.at, text: time(event.at) }), make('span', { text }));

  return {
    element: make('section', { class: 'card', 'aria-labelledby': 'events-title' },
      make('div', { class: 'title-line' },
        make('h2', { id: 'events-title', text: say('host.events') }),
        make('label', { class: 'check' }, ordersOnly, say('host.events.orders'))),
      list, empty),
    add: (event, text) => {
      empty.hidden = true;
      list.prepend(line(event, text));
      while (list.children.length > EVENTS_SHOWN_MAX) list.lastChild.remove();
      onLatest(event, text);
    },
    /** Begins anew: what is told of the past comes with the next `fill`. */
    clear: () => {
      list.replaceChildren();
      isFilled = false;
    },
    /** Past events with their texts, the oldest first, below what is there already. */
    fill: (past) => {
      if (past.length === 0 || isFilled) return;
      isFilled = true;
      empty.hidden = true;
      if (list.children.length === 0) onLatest(...past[past.length - 1]);
      const room = Math.max(0, EVENTS_SHOWN_MAX - list.children.length);
      if (room > 0) list.append(...past.slice(-room).reverse().map(([event, text]) => line(event, text)));
    },
  };
}
