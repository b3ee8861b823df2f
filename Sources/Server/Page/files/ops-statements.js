// Payout statements: what each pays to whom, its file, and what was really paid.

import { button, make, named } from './dom.js';
import { count, dateAndTime, money } from './format.js';
import { randomName } from './parts.js';
import { say } from './words.js';
import { confirmed, dataTable, dialog, emptyState } from './widgets.js';
import { path, reportedOnce } from './api.js';

/** How many lines of a statement are read at a time. */
const LINES_AT_ONCE = 500;

/** The part: {element, read()}. */
export function statementPart(page) {
  const { api, attempt, tell } = page;
  const empty = emptyState(say('payout.none'));
  const table = dataTable({
    caption: say('ops.tab.payouts'),
    keyOf: ({ statement }) => statement,
    columns: [
      { label: say('payout.number'), cell: ({ number, statement }) => make('button', {
        type: 'button', class: 'plain', text: `${number} · ${statement}`,
        onclick: () => showStatement(page, statement, read),
      }) },
      { label: say('ops.state'), cell: ({ state }) => make('span', {
        class: 'badge', text: say(`payout.state.${state}`),
      }) },
      { label: say('payout.createdAt'), cell: ({ createdAt }) => dateAndTime(createdAt) },
      { label: say('payout.payees'), isNumber: true, cell: ({ payees }) => count(payees) },
      { label: say('payout.released'), isNumber: true,
        cell: ({ released, currency }) => money(released, currency) },
      { label: say('reversed'), isNumber: true,
        cell: ({ reversed, currency }) => money(reversed, currency) },
      { label: say('payout.total'), isNumber: true,
        cell: ({ total, currency }) => make('strong', { text: money(total, currency) }) },
      { label: say('payout.file'), cell: ({ statement }) => button(say('payout.csv'), () =>
        attempt(() => api.save(path`/v1/statements/${statement}/payout.csv`, `${statement}.csv`)
          .then(() => true))) },
    ],
  });

  const release = button(say('payout.release'), async () => {
    const answer = await attempt(() => api.post('/v1/releases'));
    if (answer) tell(say('payout.releasedNow', { count: count(answer.released) }), 'good');
  });
  let pressed = null; // the id of a new statement until there is an answer: pressing again makes no other
  const create = button(say('payout.create'), async () => {
    const isSure = await confirmed({
      title: say('payout.create'), text: say('payout.create.text'), action: say('payout.create'),
    });
    if (!isSure) return;
    pressed ??= `statement-${randomName(8)}`;
    const answer = await attempt(() => api.post('/v1/statements', { statement: pressed }));
    if (!answer) return;
    pressed = null;
    tell(say('payout.created', { amount: money(answer.total, answer.currency) }), 'good');
    read();
  }, { class: 'main' });

  async function read() {
    const answer = await attempt(() => api.all('/v1/statements', 'statements', { limit: 100 }));
    if (!answer) return;
    table.update(answer.found.toReversed());
    empty.hidden = answer.found.length > 0;
    table.element.hidden = answer.found.length === 0;
  }

  return {
    element: make('section', { class: 'card', 'aria-labelledby': 'payouts-title' },
      make('div', { class: 'title-line' },
        make('h2', { id: 'payouts-title', text: say('payout.title') }),
        make('div', { class: 'actions end' }, release, create)),
      make('p', { class: 'hint', text: say('payout.hint') }), table.element, empty),
    read,
  };
}

async function showStatement(page, id, onChange) {
  const { api, attempt, tell } = page;
  const statement = await attempt(() => api.get(path`/v1/statements/${id}`));
  if (!statement) return;
  const { currency } = statement;
  const amount = (name) => ({
    label: say(`payout.${name}`), isNumber: true, cell: (line) => money(line[name], currency),
  });
  const failed = new Set();
  const isOpen = statement.state === 'open';
  const table = dataTable({
    caption: say('payout.lines'),
    keyOf: ({ member }) => member,
    columns: [
      { label: say('payout.member'), cell: ({ member, name }) => named(name, member) },
      amount('opening'), amount('released'), { ...amount('reversed'), label: say('reversed') },
      amount('returned'), amount('offset'),
      { label: say('payout.amount'), isNumber: true,
        cell: (line) => make('strong', { text: money(line.amount, currency) }) },
      amount('closing'),
      { label: say('payout.failed'), cell: (line) => failureCell(line, isOpen, failed) },
    ],
  });
  let lines = [];
  let after = null;
  const more = button(say('more'), () => turn());
  async function turn() {
    const page = await attempt(() => api.all(
      path`/v1/statements/${id}`, 'lines', { limit: 100, after }, LINES_AT_ONCE));
    if (!page) return false;
    lines = [...lines, ...page.found];
    ({ after } = page);
    more.hidden = page.isWhole;
    table.update(lines);
    return true;
  }
  const acknowledgement = reportedOnce(
    ['acknowledgement', 'acknowledgedAt'], `ack-${id}`.slice(0, 64));
  const acknowledge = button(say('payout.acknowledge'), async () => {
    const isSure = await confirmed({
      title: say('payout.acknowledge'), action: say('payout.acknowledge'),
      text: say('payout.acknowledge.text', {
        total: money(statement.total, currency), failed: count(failed.size),
      }),
    });
    if (!isSure) return;
    const answer = await attempt(() => api.post(path`/v1/statements/${id}/acknowledgement`, {
      ...acknowledgement(),
      failed: [...failed].map((member) => ({ member, reason: say('payout.reason') })),
    }));
    if (!answer) return;
    shown.close(); // first: what is told while a dialog is open is told in it
    tell(say('payout.acknowledged'), 'good');
    onChange();
  }, { class: 'main' });
  const shown = dialog({
    title: say('payout.statement', { number: statement.number }),
    content: [
      make('p', { class: 'hint', text: say('payout.range', {
        from: count(statement.from + 1), to: count(statement.to),
        total: money(statement.total, currency),
      }) }),
      table.element, more,
      isOpen ? make('p', { class: 'hint', text: say('payout.acknowledge.hint') }) : null,
    ].filter(Boolean),
    actions: [
      button(say('payout.csv'), () => attempt(() =>
        api.save(path`/v1/statements/${id}/payout.csv`, `${id}.csv`).then(() => true))),
      ...(isOpen ? [acknowledge] : []),
    ],
  });
  shown.element.classList.add('wide');
  if (await turn()) shown.open();
}

function failureCell(line, isOpen, failed) {
  if (line.failure) return line.failure;
  if (!isOpen || line.amount === 0) return '–';
  return make('input', {
    type: 'checkbox', 'aria-label': say('payout.failedOf', { member: line.member }),
    onchange: ({ target }) => {
      if (target.checked) failed.add(line.member);
      else failed.delete(line.member);
    },
  });
}
