// The head of a host's room: its title and state, how long it is on air, and what may be done with it.

import { button, field, make, setText } from './dom.js';
import { dateAndTime, duration, partsPerMillion, rate } from './format.js';
import { badge, copyText } from './parts.js';
import { confirmed, dialog } from './widgets.js';
import { say } from './words.js';

/** The head: {element, show(view), end()}. */
export function roomHead({ attempt, tell, id }) {
  const title = make('h1', { text: id });
  const mark = badge();
  const lasting = make('span', { class: 'hint number' });
  const pact = make('span');
  const raise = button(say('host.raise'), () => askForPact(), { class: 'small' });
  const pactLine = make('p', { class: 'pact' }, pact, raise);
  const open = button(say('host.goLive'), () => askForPact(), { class: 'main' });
  const pause = button(say('host.pause'), () => attempt('room.pause'));
  const resume = button(say('host.resume'), () => attempt('room.resume'), { class: 'main' });
  const end = button(say('host.end'), async () => {
    const isSure = await confirmed({
      title: say('host.end'), text: say('host.end.sure'), action: say('host.end'), isDangerous: true,
    });
    if (isSure) await attempt('room.end');
  }, { class: 'danger' });
  const address = new URL(`/#viewer/${encodeURIComponent(id)}`, location.href).href;
  const look = make('a', {
    class: 'button', href: address, target: '_blank', rel: 'noopener', text: say('host.viewerPage'),
  });
  const copy = button(say('host.copyAddress'), async () => {
    if (await copyText(address)) tell(say('copied'), 'good');
    else tell(address);
  });
  let view = null;

  /** Goes live with a share for the promoters, or raises it in a show that is on. */
  function askForPact() {
    const isOpening = view.state === 'scheduled';
    const share = make('input', {
      inputmode: 'decimal', autocomplete: 'off', value: isOpening ? '40' : null, required: true,
    });
    const submit = make('button', {
      class: 'main wide', text: say(isOpening ? 'host.goLive' : 'host.raise'),
    });
    const form = make('form', { class: 'stack' },
      isOpening ? null : make('p', { text: say('host.raise.now', { rate: rate(view.pactPpm) }) }),
      field(say(isOpening ? 'host.pact' : 'host.raise.new'), share,
        isOpening ? say('host.pact.hint') : null),
      submit);
    const asked = dialog({
      title: say(isOpening ? 'host.goLive' : 'host.raise.title'), content: [form],
    });
    form.addEventListener('submit', async (event) => {
      event.preventDefault();
      const pactPpm = partsPerMillion(share.value);
      if (pactPpm === null) {
        share.setCustomValidity(say('host.pact.bad'));
        share.reportValidity();
        return;
      }
      asked.close();
      await attempt(isOpening ? 'room.open' : 'room.raise_pact', { pactPpm });
    });
    share.addEventListener('input', () => share.setCustomValidity(''));
    asked.open();
    share.focus();
  }

  function tick() {
    if (!view) return;
    const start = Date.parse(view.openedAt ?? '');
    if (Number.isNaN(start)) {
      setText(lasting, view.scheduledFor ? say('startsAt', { time: dateAndTime(view.scheduledFor) }) : '');
      return;
    }
    const isOver = view.state === 'ended';
    const until = isOver ? Date.parse(view.endedAt) : Date.now();
    setText(lasting, say(isOver ? 'host.lasted' : 'host.elapsed', {
      time: duration((until - start) / 1000),
    }));
  }
  const timer = setInterval(tick, 1000);

  return {
    element: make('section', { class: 'card room-head' },
      make('a', { class: 'back', href: '#host', text: `← ${say('host.yourRooms')}` }),
      make('div', { class: 'title-line' }, title, mark.element, lasting),
      pactLine,
      make('div', { class: 'actions' }, open, resume, pause, look, copy, end)),
    show: (now) => {
      view = now;
      setText(title, view.title || view.room);
      mark.show(view.state);
      tick();
      const hasPact = view.pactPpm !== null && view.pactPpm !== undefined;
      pactLine.hidden = !hasPact;
      setText(pact, hasPact ? say('host.pactNow', { rate: rate(view.pactPpm) }) : '');
      raise.hidden = view.state === 'ended';
      open.hidden = view.state !== 'scheduled';
      pause.hidden = view.state !== 'live';
      resume.hidden = view.state !== 'paused';
      end.hidden = view.state === 'ended' || view.state === 'scheduled';
      look.hidden = view.state === 'ended';
      copy.hidden = view.state === 'ended';
    },
    end: () => clearInterval(timer),
  };
}
