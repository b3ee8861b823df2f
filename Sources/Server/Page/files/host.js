// The host: open a room, and run it.

import { button, field, keyedList, make, setText } from './dom.js';
import { dateAndTime, partsPerMillion } from './format.js';
import { badge, randomName } from './parts.js';
import { say } from './words.js';
import { showHostRoom } from './host-room.js';

/** Shows the host's pages; gives a function that ends them. */
export function showHost(page) {
  return page.place.room ? showHostRoom(page) : showHostRooms(page);
}

function enter(room) {
  location.hash = `#host/${encodeURIComponent(room)}`;
}

function showHostRooms({ main, connection, tell, tellRefusal }) {
  const list = make('ul', { class: 'rows' });
  const empty = make('p', { class: 'hint', text: say('noRooms'), hidden: true });
  const showRooms = keyedList(list, ({ room }) => room, (room) => roomRow(room, goLive));

  async function goLive(room) {
    try {
      await connection.call('room.open', { room });
      enter(room);
    } catch (refusal) {
      tellRefusal(refusal);
    }
  }

  async function read() {
    try {
      const { rooms } = await connection.call('room.list', { limit: 100 });
      const mine = rooms.filter(({ host }) => host === connection.session?.person);
      showRooms(mine);
      empty.hidden = mine.length > 0;
    } catch (refusal) {
      tellRefusal(refusal);
    }
  }

  main.append(
    openForm(connection, tell, tellRefusal),
    make('section', { class: 'card', 'aria-labelledby': 'rooms-title' },
      make('h2', { id: 'rooms-title', text: say('host.yourRooms') }), list, empty));
  read();
  return () => {};
}

/** The form that opens a room at once. */
function openForm(connection, tell, tellRefusal) {
  const room = make('input', {
    required: true, maxlength: 64, pattern: '[A-Za-z0-9._:~\\-]+', autocomplete: 'off',
    value: `show-${randomName(5)}`,
  });
  const title = make('input', { required: true, maxlength: 100, autocomplete: 'off' });
  const pact = make('input', { inputmode: 'decimal', value: '40', autocomplete: 'off' });
  const submit = make('button', { class: 'main', text: say('host.goLive') });
  const form = make('form', { class: 'card form', 'aria-labelledby': 'open-title' },
    make('h1', { id: 'open-title', text: say('host.openRoom') }),
    field(say('host.roomTitle'), title),
    make('div', { class: 'pair' },
      field(say('host.roomID'), room, say('host.roomID.hint')),
      field(say('host.pact'), pact, say('host.pact.hint'))),
    submit);
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const pactPpm = partsPerMillion(pact.value);
    if (pactPpm === null) {
      tell(say('host.pact.bad'), 'bad');
      pact.focus();
      return;
    }
    submit.disabled = true;
    try {
      await connection.call('room.open', { room: room.value, title: title.value, pactPpm });
      enter(room.value);
    } catch (refusal) {
      tellRefusal(refusal);
    } finally {
      submit.disabled = false;
    }
  });
  return form;
}

function roomRow({ room, state }, goLive) {
  const title = make('strong');
  const when = make('span', { class: 'hint' });
  const mark = badge();
  const isScheduled = state === 'scheduled';
  const action = isScheduled
    ? button(say('host.goLive'), () => goLive(room), { class: 'main' })
    : make('a', {
      class: 'button', href: `#host/${encodeURIComponent(room)}`, text: say('enter'),
    });
  return {
    element: make('li', { class: 'row' },
      make('span', { class: 'grow' }, title, ' ', mark.element, when), action),
    update: (view) => {
      setText(title, view.title || view.room);
      mark.show(view.state);
      setText(when, view.scheduledFor && isScheduled
        ? say('startsAt', { time: dateAndTime(view.scheduledFor) }) : view.room);
    },
  };
}
