// Elements without a framework: make one, and keep a list of them in step with data.

// Whoever names themselves or a product may put characters there that turn the writing of what follows
// around, the id beside the name above all. Source: Unicode Standard Annex #9, sections 2.1 to 2.5.
const TURNING = /[\u202a-\u202e\u2066-\u2069]/g;

/** A text as it may stand beside others. */
export const plain = (text) => String(text ?? '').replace(TURNING, '');

/**
 * Makes an element. Properties: `class`, `text`, `on…` (listeners), `data-…`, `aria-…` and any other
 * attribute; null and false leave one out. Children are nodes or texts; null is left out.
 */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === 'text') element.textContent = plain(value);
    else if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined)
    .map((child) => (child instanceof Node ? child : plain(child))));
  return element;
}

/** Sets a text only where it differs, so that a selection and a screen reader stay undisturbed. */
export function setText(element, text) {
  const shown = plain(text);
  if (element.textContent !== shown) element.textContent = shown;
}

/** A name with the id behind it, whichever way the name is written; the id alone where there is none. */
export function named(name, id) {
  return name ? make('span', {}, make('bdi', { text: name }), ` (${id})`) : id;
}

const isChoice = ({ type }) => type === 'radio' || type === 'checkbox';
const controlsOf = (form) => [...form.querySelectorAll('input, textarea, select')];

/** What stands in the forms of a part of the page, for `typeAgain` once it is made anew in other words. */
export function typedIn(part) {
  return [...part.querySelectorAll('form')].map((form) => controlsOf(form).map((control) =>
    (isChoice(control) ? control.checked : control.value)));
}

/** Puts back what stood in forms that have the same controls as then. */
export function typeAgain(part, typed) {
  part.querySelectorAll('form').forEach((form, index) => {
    const controls = controlsOf(form);
    if (typed[index]?.length !== controls.length) return;
    controls.forEach((control, place) => {
      const before = typed[index][place];
      const member = isChoice(control) ? 'checked' : 'value';
      // Of radio buttons the chosen one turns the others off.
      if (control[member] === before || (control.type === 'radio' && !before)) return;
      control[member] = before;
      for (const kind of ['input', 'change']) control.dispatchEvent(new Event(kind, { bubbles: true }));
    });
  });
}

/**
 * A list whose rows outlive updates, so that focus and what was typed stay.
 *
 * `create(item)` gives {element, update(item)}. Call the result with the items in order.
 */
export function keyedList(container, keyOf, create) {
  const rows = new Map();
  return (items) => {
    const wanted = new Set();
    const elements = items.map((item) => {
      const key = keyOf(item);
      wanted.add(key);
      if (!rows.has(key)) rows.set(key, create(item));
      const row = rows.get(key);
      row.update(item);
      return row.element;
    });
    for (const [key, row] of rows) {
      if (wanted.has(key)) continue;
      row.element.remove();
      rows.delete(key);
    }
    elements.forEach((element, index) => {
      const present = container.children[index];
      if (present !== element) container.insertBefore(element, present ?? null);
    });
  };
}

/** A labelled field; `control` is the input or select. */
export function field(label, control, hint = null) {
  return make('label', { class: 'field' },
    make('span', { class: 'field-label', text: label }),
    control,
    hint ? make('span', { class: 'hint', text: hint }) : null);
}

/** A button that is off while its action runs, so that one press is one call. */
export function button(label, action, properties = {}) {
  const element = make('button', { type: 'button', text: label, ...properties });
  let isRunning = false;
  element.addEventListener('click', async () => {
    if (isRunning) return;
    isRunning = true;
    element.setAttribute('aria-busy', 'true');
    try {
      await action();
    } finally {
      isRunning = false;
      element.removeAttribute('aria-busy');
    }
  });
  return element;
}

/** A figure with its name: {element, show(text)}. */
export function figure(label, { hint = null, tone = null } = {}) {
  const value = make('dd', { class: 'figure-value', text: '–' });
  const element = make('div', { class: tone ? `figure ${tone}` : 'figure' },
    make('dt', { text: label }), value,
    hint ? make('dd', { class: 'hint', text: hint }) : null);
  return { element, show: (text) => setText(value, text) };
}
