// The viewer: find a room, watch what is on show, buy.

import { keyedList, make, setText } from './dom.js';
import { aboutRoom, badge, roomPages, tile } from './parts.js';
import { emptyState } from './widgets.js';
import { say, sayReason } from './words.js';
import { showViewerRoom } from './viewer-room.js';

const REFRESH_MILLISECONDS = 15_000;

/** Shows the viewer's pages; gives a function that ends them. */
export function showViewer(page) {
  if (page.place.rejected) {
    const text = page.place.room ? 'viewer.rejected' : 'viewer.rejectedNoRoom';
    // Anybody may write an address: only reasons that this page knows are told.
    page.tell(say(text, { reason: sayReason(page.place.rejected, say('reason.other')) }), 'bad');
    page.hasArrived();
  }
  return page.place.room ? showViewerRoom(page) : showViewerRooms(page);
}

/** Rooms as cards under a title: {element, read()}; hidden where there is none. */
function roomCards({ id, title, level, states, byInterest, list: listRooms }) {
  const list = make('ul', { class: 'room-cards' });
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
  const { more, read } = roomPages({
    list: listRooms, states,
    show: (rooms) => {
      update(rooms.sort(byInterest));
      element.hidden = rooms.length === 0;
    },
  });
  const element = make('section', { 'aria-labelledby': id, hidden: true },
    make(level, { id, text: title }), list, more);
  return { element, read };
}

function showViewerRooms({ main, connection, tellRefusal }) {
  const list = (parameters) => connection.call('room.list', parameters).catch((refusal) => {
    tellRefusal(refusal);
    return null;
  });
  const order = (view) => `${view.state === 'live' ? 0 : 1}${view.openedAt ?? ''}`;
  const live = roomCards({
    id: 'live-title', title: say('viewer.live'), level: 'h1', list, states: ['live', 'paused'],
    byInterest: (one, other) => order(one).localeCompare(order(other)),
  });
  const soon = roomCards({
    id: 'soon-title', title: say('viewer.soon'), level: 'h2', list, states: ['scheduled'],
    byInterest: (one, other) => (one.scheduledFor ?? '').localeCompare(other.scheduledFor ?? ''),
  });
  const empty = emptyState(say('viewer.noRooms'));
  empty.hidden = true;
  main.append(live.element, empty, soon.element);

  async function read() {
    await Promise.all([live.read(), soon.read()]);
    empty.hidden = !live.element.hidden;
  }

  read();
  const timer = setInterval(() => {
    if (document.visibilityState === 'visible' && connection.state === 'open') read();
  }, REFRESH_MILLISECONDS);
  return () => clearInterval(timer);
}
