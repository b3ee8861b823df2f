// The report of a show that has ended: what was sold, what it earned, and when pending money arrives.

import { button, figure, make } from './dom.js';
import { count, day, duration, money } from './format.js';
import { copyAndTell, picture } from './parts.js';
import { dataTable, emptyState } from './widgets.js';
import { say } from './words.js';

const BEST_MAX = 20;

/** The report: {element, show(view), sold(ticker), earned(ticker)}; hidden before the end. */
export function showReport({ connection, room, tell }) {
  const names = ['gmv', 'orders', 'units', 'refunded', 'unique'];
  const lasted = figure(say('host.report.lasted'));
  const parts = Object.fromEntries(names.map((name) =>
    [name, figure(say(name), { tone: name === 'gmv' ? 'strong' : null })]));
  const earnedParts = {
    available: figure(say('available')),
    pending: figure(say('pending'), { tone: 'muted', hint: say('pending.hint') }),
    reversed: figure(say('reversed')),
  };
  const best = dataTable({
    caption: say('host.report.best'),
    keyOf: ({ sku }) => sku,
    columns: [
      {
        label: say('host.report.product'),
        cell: (listing) => make('span', { class: 'named' }, picture(listing), listing.title),
      },
      { label: say('units'), isNumber: true, cell: ({ sold }) => count(sold) },
      { label: say('price'), isNumber: true, cell: ({ price }) => money(price) },
    ],
  });
  const nothing = emptyState(say('host.report.none'));
  const due = dataTable({
    caption: say('host.report.due'),
    keyOf: ({ key }) => key,
    columns: [
      { label: say('host.report.day'), cell: ({ label }) => label },
      { label: say('pending'), isNumber: true, cell: ({ amount }) => money(amount) },
      { label: say('orders'), isNumber: true, cell: ({ orders }) => count(orders) },
    ],
  });
  const dueCard = make('section', { class: 'card', 'aria-labelledby': 'due-title', hidden: true },
    make('h2', { id: 'due-title', text: say('host.report.due') }),
    make('p', { class: 'hint', text: say('host.report.dueWhy') }), due.element);
  const copy = button(say('host.report.copy'), () => copyAndTell({ tell }, asText()),
    { class: 'small' });
  const element = make('div', { class: 'stack', hidden: true },
    make('section', { class: 'card', 'aria-labelledby': 'report-title' },
      make('div', { class: 'title-line' },
        make('h2', { id: 'report-title', text: say('host.report.title') }), copy),
      make('dl', { class: 'figures' }, parts.gmv.element, lasted.element,
        names.slice(1).map((name) => parts[name].element)),
      make('dl', { class: 'figures' }, Object.values(earnedParts).map((part) => part.element))),
    make('section', { class: 'card', 'aria-labelledby': 'best-title' },
      make('h2', { id: 'best-title', text: say('host.report.best') }), best.element, nothing),
    dueCard);
  let isShown = false;

  /** The report as people paste it into a group. */
  function asText() {
    const lines = [room.view.title || room.view.room];
    for (const list of element.querySelectorAll('dl')) {
      for (const one of list.querySelectorAll('.figure')) {
        lines.push(`${one.querySelector('dt').textContent}: ${
          one.querySelector('.figure-value').textContent}`);
      }
    }
    return lines.join('\n');
  }

  async function readCalendar() {
    const calendar = await connection.call('calendar.get', {}).catch(() => null);
    if (!calendar) return;
    const rows = [
      ...calendar.days.map((one) => ({ key: one.day, label: day(one.day), ...one })),
      { key: 'undelivered', label: say('host.report.undelivered'), ...calendar.undelivered },
      { key: 'disputed', label: say('host.report.disputed'), ...calendar.disputed },
    ].filter(({ amount }) => amount !== 0);
    due.update(rows);
    dueCard.hidden = rows.length === 0;
  }

  return {
    element,
    show: (view) => {
      if (!view || view.state !== 'ended') return;
      element.hidden = false;
      const seconds = (Date.parse(view.endedAt) - Date.parse(view.openedAt)) / 1000;
      lasted.show(Number.isNaN(seconds) ? '–' : duration(seconds));
      parts.unique.show(count(room.unique));
      const sold = room.listings.filter((listing) => listing.sold > 0)
        .sort((one, other) => other.sold - one.sold).slice(0, BEST_MAX);
      best.update(sold);
      best.element.hidden = sold.length === 0;
      nothing.hidden = sold.length > 0;
      if (isShown) return;
      isShown = true;
      readCalendar();
    },
    sold: (ticker) => {
      for (const name of ['gmv', 'refunded']) parts[name].show(money(ticker[name], ticker.currency));
      for (const name of ['orders', 'units']) parts[name].show(count(ticker[name]));
    },
    earned: (ticker) => {
      for (const [name, part] of Object.entries(earnedParts)) {
        part.show(money(ticker[name], ticker.currency));
      }
    },
  };
}
