// Widgets that more than one role needs: a table, tabs, a dialog, an empty state.

import { button, keyedList, make } from './dom.js';
import { say } from './words.js';

let nextID = 1;
const freshID = (kind) => `${kind}-${nextID++}`;

/**
 * A table that becomes cards on a narrow screen: {element, update(items)}.
 *
 * `columns` are {label, cell(item) → text or node, isNumber?}; the first is the head of its row.
 * Rows are made anew only where `keyOf(item)` is new or their texts changed.
 */
export function dataTable({ caption, columns, keyOf }) {
  const body = make('tbody');
  const makeCells = (item) => columns.map(({ label, cell, isNumber }, index) => {
    const content = cell(item);
    return make(index === 0 ? 'th' : 'td', {
      scope: index === 0 ? 'row' : null, class: isNumber ? 'number' : null, 'data-label': label,
    }, content ?? '–');
  });
  const update = keyedList(body, keyOf, () => {
    const row = make('tr');
    let shown = null;
    return {
      element: row,
      update: (item) => {
        const now = JSON.stringify(item);
        if (now === shown) return;
        shown = now;
        row.replaceChildren(...makeCells(item));
      },
    };
  });
  return {
    element: make('div', { class: 'table-frame' }, make('table', { class: 'table' },
      make('caption', { class: 'unseen', text: caption }),
      make('thead', {}, make('tr', {}, columns.map(({ label, isNumber }) =>
        make('th', { scope: 'col', class: isNumber ? 'number' : null, text: label })))),
      body)),
    update,
  };
}

/**
 * Tabs: {element, select(key), offer(key, isOffered)}. `panels` are {key, label, element}; `onSelect(key)` is told of every
 * change, the first included. Left, right, Home and End move between them (WAI-ARIA tabs pattern).
 */
export function tabs({ label, panels, selected = panels[0].key, onSelect = () => {} }) {
  const list = make('div', { class: 'tabs', role: 'tablist', 'aria-label': label });
  const known = panels.map((panel) => {
    const tabID = freshID('tab');
    const panelID = freshID('panel');
    const tab = make('button', {
      type: 'button', role: 'tab', id: tabID, 'aria-controls': panelID, text: panel.label,
      onclick: () => select(panel.key),
    });
    const body = make('div', {
      role: 'tabpanel', id: panelID, 'aria-labelledby': tabID, class: 'tab-panel', tabindex: '0',
    }, panel.element);
    list.append(tab);
    return { key: panel.key, tab, body };
  });
  let current = null;

  function select(key) {
    if (key === current || !known.some((one) => one.key === key)) return;
    current = key;
    for (const one of known) {
      const isCurrent = one.key === key;
      one.tab.setAttribute('aria-selected', String(isCurrent));
      one.tab.tabIndex = isCurrent ? 0 : -1;
      one.body.hidden = !isCurrent;
      // On a phone there are more tabs than fit; the page may not have them yet.
      if (isCurrent) requestAnimationFrame(() => bringIntoSight(one.tab));
    }
    onSelect(key);
  }

  function bringIntoSight(tab) {
    const [place, frame] = [tab.getBoundingClientRect(), list.getBoundingClientRect()];
    if (place.left < frame.left) list.scrollLeft -= frame.left - place.left;
    else if (place.right > frame.right) list.scrollLeft += place.right - frame.right;
  }

  list.addEventListener('keydown', (event) => {
    const offered = known.filter(({ tab }) => !tab.hidden);
    const index = offered.findIndex(({ key }) => key === current);
    const next = {
      ArrowRight: (index + 1) % offered.length,
      ArrowLeft: (index + offered.length - 1) % offered.length,
      Home: 0,
      End: offered.length - 1,
    }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    select(offered[next].key);
    offered[next].tab.focus();
  });
  /** Takes a tab away, or gives it back; whoever looks at it then sees the first one. */
  function offer(key, isOffered) {
    const one = known.find((panel) => panel.key === key);
    one.tab.hidden = !isOffered;
    if (!isOffered && key === current) select(known.find(({ tab }) => !tab.hidden).key);
  }
  select(selected);
  return {
    element: make('div', { class: 'tab-set' }, list, known.map(({ body }) => body)), select, offer,
  };
}

/**
 * A dialog over the page: {element, open(), close()}. It is put into the page when it opens and taken
 * away when it closes; Escape and its own button close it.
 */
export function dialog({ title, content = [], actions = [], onClose = () => {} }) {
  const titleID = freshID('dialog');
  const close = make('button', {
    type: 'button', class: 'icon', 'aria-label': say('close'), text: '✕', onclick: () => element.close(),
  });
  // What is told meanwhile: the page behind a dialog is neither seen nor read.
  const told = make('div', { class: 'notices', role: 'status', 'aria-live': 'polite' });
  const element = make('dialog', { class: 'dialog', 'aria-labelledby': titleID },
    make('div', { class: 'dialog-head' }, make('h2', { id: titleID, text: title }), close),
    make('div', { class: 'dialog-body' }, content),
    actions.length > 0 ? make('div', { class: 'dialog-actions' }, actions) : null, told);
  element.addEventListener('click', (event) => {
    if (event.target === element) element.close(); // the backdrop
  });
  element.addEventListener('close', () => {
    // What was told last, such as that it is done, is still to be read.
    document.getElementById('notices')?.append(...told.childNodes);
    element.remove();
    onClose();
  });
  return {
    element,
    open: () => {
      document.body.append(element);
      element.showModal();
    },
    close: () => element.close(),
  };
}

/** Asks before something that cannot be taken back; a promise of whether it was confirmed. */
export function confirmed({ title, text, action, isDangerous = false }) {
  return new Promise((resolve) => {
    let answer = false;
    const asked = dialog({
      title,
      content: [make('p', { text })],
      actions: [
        button(say('cancel'), () => asked.close()),
        button(action, () => {
          answer = true;
          asked.close();
        }, { class: isDangerous ? 'danger' : 'main' }),
      ],
      onClose: () => resolve(answer),
    });
    asked.open();
  });
}

/** What stands where there is nothing yet, with what to do about it. */
export function emptyState(text, ...actions) {
  return make('div', { class: 'empty' }, make('p', { text }),
    actions.length > 0 ? make('div', { class: 'actions' }, actions) : null);
}
