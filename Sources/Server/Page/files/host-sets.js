// Product sets: many products listed with one tap, in this show and the next.

import { button, field, keyedList, make, setText } from './dom.js';
import { count } from './format.js';
import { randomName } from './parts.js';
import { emptyState } from './widgets.js';
import { say } from './words.js';

const SET_PRODUCTS_MAX = 500;
const SETS_MAX = 1000;

/** The sets of the storefront: {element, read(), refresh()}. */
export function productSets({ connection, room, attempt, tell, tellRefusal, onEarnings }) {
  const list = make('ul', { class: 'rows' });
  const empty = emptyState(say('host.sets.none'));
  const name = make('input', { required: true, maxlength: 100, autocomplete: 'off' });
  const save = make('button', { text: say('host.sets.save') });
  const form = make('form', { class: 'stack' }, field(say('host.sets.name'), name), save);
  const showRows = keyedList(list, ({ set }) => set, ({ set }) => {
    const title = make('strong');
    const many = make('div', { class: 'hint' });
    const add = button(say('host.sets.list'), async () => {
      const answer = await attempt('listing.add', { set });
      if (!answer) return;
      tell(say('host.sets.added', { count: count(answer.added) }), 'good');
      onEarnings(answer);
    }, { class: 'main' });
    return {
      element: make('li', { class: 'row' }, make('div', { class: 'grow' }, title, many), add),
      update: (view) => {
        setText(title, view.title);
        setText(many, say('host.sets.count', { count: count(view.skus) }));
        add.setAttribute('aria-label', `${say('host.sets.list')}: ${view.title}`);
        add.disabled = room.view?.state === 'ended';
      },
    };
  });
  let known = [];

  async function read() {
    try {
      const sets = [];
      let after = null;
      do {
        const answer = await connection.call('set.list', after === null ? {} : { after });
        sets.push(...answer.sets);
        after = answer.after;
      } while (after !== null && sets.length < SETS_MAX);
      known = sets;
      refresh();
    } catch (refusal) {
      tellRefusal(refusal);
    }
  }

  function refresh() {
    showRows(known);
    empty.hidden = known.length > 0;
    save.disabled = room.listings.length === 0;
  }

  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const skus = room.listings.slice(0, SET_PRODUCTS_MAX).map(({ sku }) => sku);
    const title = name.value.trim();
    try {
      const made = await connection.call('set.define', { set: `set-${randomName(8)}`, title, skus });
      tell(say('host.sets.saved', { title, count: count(made.skus) }), 'good');
      name.value = '';
      await read();
    } catch (refusal) {
      tellRefusal(refusal);
    }
  });

  return {
    element: make('section', { class: 'card', 'aria-labelledby': 'sets-title' },
      make('h2', { id: 'sets-title', text: say('host.sets') }),
      make('p', { class: 'hint', text: say('host.sets.why') }), list, empty, form),
    read,
    refresh,
  };
}
