// When pending money is released, and the invite codes with the sales that earned them.

import { button, figure, keyedList, make, setText } from './dom.js';
import { count, dateAndTime, day, money } from './format.js';
import { copyAndTell, randomName } from './parts.js';
import { say, sayOr } from './words.js';
import { confirmed, dataTable, emptyState } from './widgets.js';
import { explain } from './explanation.js';

/** The release calendar: {element, read()}. */
export function releaseCalendar({ attempt }) {
  const pending = make('p', { class: 'lead' });
  const list = make('ol', { class: 'calendar' });
  const blocked = make('ul', { class: 'plain-list' });
  const empty = emptyState(say('calendar.none'));

  async function read() {
    const calendar = await attempt('calendar.get');
    if (!calendar) return;
    const { currency } = calendar;
    setText(pending, say('calendar.pending', { amount: money(calendar.pending, currency) }));
    const most = Math.max(1, ...calendar.days.map(({ amount }) => amount));
    list.replaceChildren(...calendar.days.map((entry) => {
      const bar = make('span', { class: 'bar-fill', 'aria-hidden': 'true' });
      bar.style.inlineSize = `${Math.max(2, Math.round(entry.amount / most * 100))}%`;
      return make('li', {},
        make('time', { datetime: entry.day, text: day(entry.day) }),
        make('span', { class: 'bar-track' }, bar),
        make('strong', { class: 'price', text: money(entry.amount, currency) }),
        make('span', {
          class: 'hint',
          text: [
            entry.orders > 0 ? say('calendar.orders', { count: count(entry.orders) }) : null,
            entry.bonuses > 0 ? say('calendar.bonuses', { count: count(entry.bonuses) }) : null,
          ].filter(Boolean).join(' · '),
        }));
    }));
    const waits = ['disputed', 'undelivered', 'unsettled'].filter((name) =>
      calendar[name].orders > 0 || calendar[name].amount !== 0);
    blocked.replaceChildren(...waits.map((name) => make('li', {},
      make('strong', { text: money(calendar[name].amount, currency) }), ' ',
      say(`calendar.${name}`, { count: count(calendar[name].orders) }))));
    empty.hidden = calendar.days.length + waits.length > 0;
  }

  return {
    element: make('section', { class: 'card', 'aria-labelledby': 'calendar-title' },
      make('h2', { id: 'calendar-title', text: say('promoter.tab.calendar') }), pending,
      make('p', { class: 'hint', text: say('calendar.rule') }), list, blocked, empty),
    read,
  };
}

/** Invite codes and what earned them: {element, read()}. */
export function invitePanel(page) {
  const { attempt, tell } = page;
  const left = figure(say('invite.left'), { tone: 'strong' });
  const earned = figure(say('invite.earned'));
  const reserved = figure(say('invite.reserved'));
  const consumed = figure(say('invite.consumed'));
  const rule = make('p', { class: 'hint' });
  const list = make('ul', { class: 'rows' });
  const empty = emptyState(say('invite.none'));
  const create = button(say('invite.create'), async () => {
    const invite = await attempt('invite.create', { key: randomName(16) });
    if (!invite) return;
    tell(say('invite.created'), 'good');
    read();
  }, { class: 'main' });

  const showRows = keyedList(list, ({ invite }) => invite, ({ invite }) => {
    const mark = make('span', { class: 'badge' });
    const hint = make('span', { class: 'hint' });
    const copy = button(say('copy'), () => copyAndTell(page, invite));
    const withdraw = button(say('invite.withdraw'), async () => {
      const isSure = await confirmed({
        title: say('invite.withdraw.title'), text: say('invite.withdraw.text'),
        action: say('invite.withdraw'), isDangerous: true,
      });
      if (isSure && await attempt('invite.withdraw', { invite })) read();
    });
    return {
      element: make('li', { class: 'row' },
        make('div', { class: 'grow' }, make('code', { class: 'code', text: invite }), ' ', mark,
          make('div', {}, hint)),
        make('div', { class: 'actions' }, copy, withdraw)),
      update: (view) => {
        const isOpen = view.state === 'open';
        setText(mark, sayOr(`invite.state.${view.state}`, view.state));
        setText(hint, view.usedBy ? say('invite.usedBy', { member: view.usedBy })
          : say('promoter.until', { time: dateAndTime(view.expiresAt) }));
        copy.hidden = !isOpen;
        withdraw.hidden = !isOpen;
      },
    };
  });

  const entries = dataTable({
    caption: say('invite.entries'),
    keyOf: ({ number }) => String(number),
    columns: [
      { label: say('invite.when'), cell: ({ at }) => dateAndTime(at) },
      { label: say('invite.what'), cell: ({ kind }) => sayOr(`invite.kind.${kind}`, kind) },
      { label: say('invite.change'), isNumber: true,
        cell: ({ units }) => (units > 0 ? `+${count(units)}` : count(units)) },
      { label: say('invite.leftThen'), isNumber: true, cell: ({ left: then }) => count(then) },
      { label: say('invite.fundedBy'), cell: ({ fundedBy }) => fundedCell(attempt, fundedBy) },
    ],
  });
  const entriesPart = make('section', { class: 'card', 'aria-labelledby': 'entries-title' },
    make('h2', { id: 'entries-title', text: say('invite.entries') }), entries.element);

  async function read() {
    const answer = await attempt('invite.list');
    if (!answer) return;
    left.show(answer.limited ? count(answer.left) : say('invite.unlimited'));
    earned.show(count(answer.earned));
    reserved.show(count(answer.reserved));
    consumed.show(count(answer.consumed));
    for (const part of [earned, reserved, consumed]) part.element.hidden = !answer.limited;
    setText(rule, answer.limited ? say('invite.rule', { amount: money(answer.per) })
      : say('invite.free'));
    create.disabled = answer.limited && answer.left < 1;
    showRows(answer.invites);
    empty.hidden = answer.invites.length > 0;
    // A sale that did not fill a unit moved nothing; the next one names it.
    const moved = answer.entries.filter(({ units }) => units !== 0).toReversed();
    entries.update(moved);
    entriesPart.hidden = moved.length === 0;
  }

  return {
    element: make('div', { class: 'stack' },
      make('section', { class: 'card', 'aria-labelledby': 'invites-title' },
        make('div', { class: 'title-line' },
          make('h2', { id: 'invites-title', text: say('promoter.tab.invites') }), create),
        make('dl', { class: 'figures' },
          [left, earned, reserved, consumed].map(({ element }) => element)),
        rule, list, empty),
      entriesPart),
    read,
  };
}

/** The orders behind a movement of the quota, each with its why. */
function fundedCell(attempt, fundedBy) {
  if (fundedBy.length === 0) return '–';
  return make('ul', { class: 'plain-list' }, fundedBy.map(({ order, amount }) => make('li', {},
    make('button', {
      type: 'button', class: 'plain', text: order, onclick: () => explain(attempt, order),
    }), ` ${money(amount)}`)));
}
