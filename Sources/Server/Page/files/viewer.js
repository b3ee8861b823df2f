// The viewer: find a room, watch what is on show, buy.

import { keyedList, make, setText } from './dom.js';
import { dateAndTime } from './format.js';
import { badge } from './parts.js';
import { say, sayReason } from './words.js';
import { showViewerRoom } from './viewer-room.js';

/** Shows the viewer's pages; gives a function that ends them. */
export function showViewer(page) {
  if (page.place.rejected) {
    const text = page.place.room ? 'viewer.rejected' : 'viewer.rejectedNoRoom';
    page.tell(say(text, { reason: sayReason(page.place.rejected) }), 'bad');
  }
  return page.place.room ? showViewerRoom(page) : showViewerRooms(page);
}

function showViewerRooms({ main, connection, tellRefusal }) {
  const list = make('ul', { class: 'rows' });
  const empty = make('p', { class: 'hint', text: say('noRooms'), hidden: true });
  const showRooms = keyedList(list, ({ room }) => room, ({ room }) => {
    const title = make('strong');
    const mark = badge();
    const about = make('div', { class: 'hint' });
    return {
      element: make('li', { class: 'row' },
        make('div', { class: 'grow' }, title, ' ', mark.element, about),
        make('a', {
          class: 'button main', href: `#viewer/${encodeURIComponent(room)}`, text: say('enter'),
        })),
      update: (view) => {
        setText(title, view.title || room);
        mark.show(view.state);
        setText(about, view.state === 'scheduled' && view.scheduledFor
          ? say('startsAt', { time: dateAndTime(view.scheduledFor) })
          : say('by', { host: view.host }));
      },
    };
  });
  main.append(make('section', { class: 'card', 'aria-labelledby': 'rooms-title' },
    make('h1', { id: 'rooms-title', text: say('rooms') }), list, empty));
  connection.call('room.list', { limit: 100 }).then(({ rooms }) => {
    showRooms(rooms);
    empty.hidden = rooms.length > 0;
  }, tellRefusal);
  return () => {};
}
