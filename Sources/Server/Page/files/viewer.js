// The viewer: find a room, watch what is on show, buy.

import { keyedList, make, setText } from './dom.js';
import { aboutRoom, badge, readRooms, tile } from './parts.js';
import { emptyState } from './widgets.js';
import { say, sayReason } from './words.js';
import { showViewerRoom } from './viewer-room.js';

const REFRESH_MILLISECONDS = 15_000;

/** Shows the viewer's pages; gives a function that ends them. */
export function showViewer(page) {
  if (page.place.rejected) {
    const text = page.place.room ? 'viewer.rejected' : 'viewer.rejectedNoRoom';
    page.tell(say(text, { reason: sayReason(page.place.rejected) }), 'bad');
  }
  return page.place.room ? showViewerRoom(page) : showViewerRooms(page);
}

/** Rooms as cards under a title: {element, show(rooms)}; hidden where there is none. */
function roomCards(id, title, level) {
  const list = make('ul', { class: 'room-cards' });
  const element = make('section', { 'aria-labelledby': id },
    make(level, { id, text: title }), list);
  const update = keyedList(list, ({ room }) => room, ({ room, title: name }) => {
    const heading = make('strong');
    const mark = badge();
    const about = make('div', { class: 'hint' });
    const anchor = make('a', {
      class: 'room-card', href: `#viewer/${encodeURIComponent(room)}`,
    }, tile(name || room), make('div', { class: 'grow' }, mark.element, make('div', {}, heading), about));
    return {
      element: make('li', {}, anchor),
      update: (view) => {
        setText(heading, view.title || room);
        mark.show(view.state);
        setText(about, aboutRoom(view));
      },
    };
  });
  return {
    element,
    show: (rooms) => {
      update(rooms);
      element.hidden = rooms.length === 0;
    },
  };
}

function showViewerRooms({ main, connection, tellRefusal }) {
  const live = roomCards('live-title', say('viewer.live'), 'h1');
  const soon = roomCards('soon-title', say('viewer.soon'), 'h2');
  const empty = emptyState(say('viewer.noRooms'));
  for (const part of [live.element, soon.element, empty]) part.hidden = true;
  main.append(live.element, empty, soon.element);

  async function read() {
    try {
      const rooms = await readRooms(connection);
      const isSoon = ({ state }) => state === 'scheduled';
      const order = (view) => `${view.state === 'live' ? 0 : 1}${view.openedAt ?? ''}`;
      live.show(rooms.filter((room) => !isSoon(room))
        .sort((one, other) => order(one).localeCompare(order(other))));
      soon.show(rooms.filter(isSoon)
        .sort((one, other) => (one.scheduledFor ?? '').localeCompare(other.scheduledFor ?? '')));
      empty.hidden = rooms.some((room) => !isSoon(room));
    } catch (refusal) {
      tellRefusal(refusal);
    }
  }

  read();
  const timer = setInterval(() => {
    if (document.visibilityState === 'visible' && connection.state === 'open') read();
  }, REFRESH_MILLISECONDS);
  return () => clearInterval(timer);
}
