// The host: start or schedule a show, and find the others.

import { field, keyedList, make, setText } from './dom.js';
import { dateAndTime, localText, momentOf, partsPerMillion, timeZone } from './format.js';
import { badge, randomName, roomPages } from './parts.js';
import { emptyState } from './widgets.js';
import { say } from './words.js';
import { showHostRoom } from './host-room.js';

const STATES = ['live', 'paused', 'scheduled'];
const REFRESH_MILLISECONDS = 15_000;

/** Shows the host's pages; gives a function that ends them. */
export function showHost(page) {
  return page.place.room ? showHostRoom(page) : showHostRooms(page);
}

function enter(room) {
  location.hash = `#host/${encodeURIComponent(room)}`;
}

function showHostRooms({ main, connection, tell, tellRefusal }) {
  const list = make('ul', { class: 'rows' });
  const past = make('ul', { class: 'rows' });
  const empty = emptyState(say('host.noRooms'));
  empty.hidden = true;
  const showRooms = keyedList(list, ({ room, state }) => `${room} ${state}`, roomRow);
  const showPast = keyedList(past, ({ room }) => room, roomRow);

  /** Only the rooms of whoever is signed in. */
  async function listMine(parameters) {
    try {
      const { person } = await connection.signedIn();
      return await connection.call('room.list', { ...parameters, host: person });
    } catch (refusal) {
      tellRefusal(refusal);
      return null;
    }
  }
  const open = roomPages({
    list: listMine, states: STATES,
    show: (rooms) => {
      showRooms(rooms.sort((one, other) => STATES.indexOf(one.state) - STATES.indexOf(other.state)
        || (one.scheduledFor ?? '').localeCompare(other.scheduledFor ?? '')));
      hasOpen = rooms.length > 0;
    },
  });
  const ended = roomPages({
    list: listMine, states: ['ended'],
    show: (rooms) => {
      showPast(rooms.sort((one, other) => (other.endedAt ?? '').localeCompare(one.endedAt ?? '')));
      pastCard.hidden = rooms.length === 0;
    },
  });
  const pastCard = make('section', { class: 'card', 'aria-labelledby': 'past-title', hidden: true },
    make('h2', { id: 'past-title', text: say('host.past') }), past, ended.more);
  let hasOpen = false;

  async function read() {
    await Promise.all([open.read(), ended.read()]);
    empty.hidden = hasOpen || !pastCard.hidden;
  }

  main.append(make('div', { class: 'columns' },
    startForm(connection, tell, tellRefusal),
    make('div', { class: 'stack' },
      make('section', { class: 'card', 'aria-labelledby': 'rooms-title' },
        make('h2', { id: 'rooms-title', text: say('host.yourRooms') }), list, empty, open.more),
      pastCard)));
  read();
  const timer = setInterval(() => {
    if (document.visibilityState === 'visible' && connection.state === 'open') read();
  }, REFRESH_MILLISECONDS);
  return () => clearInterval(timer);
}

/** Two choices side by side: {element, value()}. */
function choice(label, options, onChange) {
  const name = `choice-${randomName(6)}`;
  const inputs = options.map(({ value, text }, index) => {
    const input = make('input', { type: 'radio', name, value, checked: index === 0 });
    input.addEventListener('change', () => onChange(value));
    return make('label', {}, input, make('span', { text }));
  });
  return {
    element: make('fieldset', { class: 'choice' },
      make('legend', { class: 'field-label', text: label }), make('div', {}, inputs)),
    value: () => inputs.find((one) => one.firstChild.checked).firstChild.value,
  };
}

/** The form that opens a room at once, or announces it. */
function startForm(connection, tell, tellRefusal) {
  const title = make('input', { required: true, maxlength: 100, autocomplete: 'off' });
  const begins = make('input', { type: 'datetime-local' });
  const zoneHint = make('span', { class: 'hint' });
  const beginsField = make('label', { class: 'field', hidden: true },
    make('span', { class: 'field-label', text: say('host.startsAt') }), begins, zoneHint);
  const pact = make('input', { inputmode: 'decimal', value: '40', autocomplete: 'off' });
  const pactField = field(say('host.pact'), pact, say('host.pact.hint'));
  const pactLater = make('p', { class: 'hint', text: say('host.pact.later'), hidden: true });
  const submit = make('button', { class: 'main wide', text: say('host.goLive') });
  const when = choice(say('host.when'), [
    { value: 'now', text: say('host.when.now') }, { value: 'later', text: say('host.when.later') },
  ], (value) => {
    const isLater = value === 'later';
    beginsField.hidden = !isLater;
    pactField.hidden = isLater;
    pactLater.hidden = !isLater;
    setText(submit, say(isLater ? 'host.schedule' : 'host.goLive'));
    setText(zoneHint, say('host.startsAt.hint', { zone: timeZone() }));
    if (isLater && !begins.value) begins.value = localText(new Date(Date.now() + 3_600_000));
  });
  const form = make('form', { class: 'card form', 'aria-labelledby': 'start-title' },
    make('h1', { id: 'start-title', text: say('host.start') }),
    field(say('host.roomTitle'), title, say('host.roomTitle.hint')),
    when.element, beginsField, pactField, pactLater, submit);

  /** What is wrong with the form is told, and looked at, here; null then. */
  function request() {
    const room = `show-${randomName(8)}`;
    if (when.value() === 'later') {
      const scheduledFor = momentOf(begins.value);
      if (scheduledFor !== null && scheduledFor > new Date()) {
        return ['room.schedule', {
          room, title: title.value.trim(), scheduledFor: scheduledFor.toISOString(),
        }];
      }
      tell(say('host.startsAt.bad'), 'bad');
      begins.focus();
      return null;
    }
    const pactPpm = partsPerMillion(pact.value);
    if (pactPpm !== null) return ['room.open', { room, title: title.value.trim(), pactPpm }];
    tell(say('host.pact.bad'), 'bad');
    pact.focus();
    return null;
  }

  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const call = request();
    if (call === null) return;
    submit.disabled = true;
    try {
      await connection.call(...call);
      enter(call[1].room);
    } catch (refusal) {
      tellRefusal(refusal);
    } finally {
      submit.disabled = false;
    }
  });
  return form;
}

function roomRow({ room, state }) {
  const title = make('strong');
  const when = make('div', { class: 'hint' });
  const mark = badge(state);
  const action = make('a', {
    class: state === 'ended' ? 'button' : 'button main', href: `#host/${encodeURIComponent(room)}`,
    text: say(state === 'ended' ? 'host.report' : 'host.open'),
  });
  return {
    element: make('li', { class: 'row' },
      make('div', { class: 'grow' },
        make('div', { class: 'title-line' }, title, mark.element), when), action),
    update: (view) => {
      setText(title, view.title || view.room);
      action.setAttribute('aria-label', `${action.textContent}: ${title.textContent}`);
      mark.show(view.state);
      const start = view.state === 'scheduled' ? view.scheduledFor : view.openedAt;
      setText(when, start ? say('startsAt', { time: dateAndTime(start) }) : '');
      if (view.state !== 'scheduled' && start) setText(when, dateAndTime(start));
    },
  };
}
