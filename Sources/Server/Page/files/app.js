// The page: which role, which language, one connection, and the notices.
//
// The address says everything: `/#host`, `/#promoter`, `/#viewer`, `/#ops`, with `/ROOM` behind it for a
// room.
// A landing link leads to `/?room=…&link=…&rejected=…#viewer`: `link` where the visitor had to sign in
// first, `rejected` where the link was not accepted.

import { Connection } from './protocol.js';
import { SignIn } from './session.js';
import { make, field, setText, typeAgain, typedIn } from './dom.js';
import { setStorefront } from './format.js';
import { arrivedQuery, placeOf } from './place.js';
import { say, sayReason, setLanguage, language, languageKey } from './words.js';
import { showHost } from './host.js';
import { showPromoter } from './promoter.js';
import { showViewer } from './viewer.js';
import { showOps } from './ops.js';

/** How long a notice stays; what went wrong takes longer to read. */
const NOTICE_MILLISECONDS = { info: 4000, good: 4000, bad: 8000 };
const NOTICES_MAX = 4;
const roles = { host: showHost, promoter: showPromoter, viewer: showViewer, ops: showOps };

const main = document.getElementById('main');
const connectionLine = document.getElementById('connection');
const personLine = document.getElementById('person');
const signOut = document.getElementById('sign-out');
const notices = document.getElementById('notices');
const languageChoice = document.getElementById('language');
const storefrontChoice = document.getElementById('storefront');

/** A lost connection that comes back sooner than this is nobody's concern. */
const QUIET_MILLISECONDS = 2500;

let leave = () => {};
/**
 * The connection of the role that is shown: {key, connection, signIn, asked}; kept from place to place.
 * `asked` is {wasRefused, resolve} while a token is asked for.
 */
let current = null;
let connectionTimer = null;

const place = () => placeOf(location, Object.keys(roles));

/** What was told of how the visitor came is not told again, in another language or after a reload. */
function hasArrived() {
  history.replaceState(null, '', location.pathname + arrivedQuery(location.search) + location.hash);
}

/** Tells something in passing, politely. */
function tell(text, tone = 'info') {
  const notice = make('p', { class: `notice ${tone}`, text });
  const place = [...document.querySelectorAll('dialog[open] .notices')].at(-1) ?? notices;
  place.append(notice);
  while (place.children.length > NOTICES_MAX) place.firstChild.remove();
  setTimeout(() => notice.remove(), NOTICE_MILLISECONDS[tone]);
}

function tellRefusal(refusal) {
  // Not a refusal but a mistake of this page: let the console have it as well.
  if (!refusal.code) console.error(refusal);
  tell(sayReason(refusal.code, refusal.message), 'bad');
}

function sayFrame() {
  document.documentElement.lang = language();
  languageChoice.value = languageKey();
  for (const element of document.querySelectorAll('[data-say]')) {
    setText(element, say(element.dataset.say));
  }
  for (const element of document.querySelectorAll('[data-label]')) {
    element.setAttribute('aria-label', say(element.dataset.label));
  }
  if (connectionLine.dataset.state) sayConnection(connectionLine.dataset.state);
  if (current) sayPerson();
}

function showConnection(state, details) {
  if (state === 'closed' && details.code) {
    tell(details.reason || say('closed', { code: details.code }), 'bad');
  }
  clearTimeout(connectionTimer);
  const isTrouble = state === 'waiting' || state === 'connecting';
  if (isTrouble && connectionLine.dataset.state === 'open') {
    connectionTimer = setTimeout(() => sayConnection('waiting'), QUIET_MILLISECONDS);
  } else if (!(isTrouble && connectionLine.dataset.state === 'waiting')) {
    sayConnection(state);
  }
  const { session } = details;
  if (session) {
    setStorefront(session);
    offerStorefronts(current.signIn.storefronts);
    sayPerson();
  }
}

/** Who is signed in; nobody can be another guest than the cookie of a landing link says. */
function sayPerson() {
  const { session } = current.connection;
  const isGuest = current.signIn.token === null;
  setText(personLine, session === null ? ''
    : isGuest ? say('guest') : say('signedInAs', { person: session.person }));
  signOut.hidden = session === null || isGuest;
}

/** A choice of storefronts, where there is one. */
function offerStorefronts({ all, chosen }) {
  storefrontChoice.closest('label').hidden = all.length < 2;
  storefrontChoice.replaceChildren(...all.map(({ storefront, name }) =>
    make('option', { value: storefront, text: name })));
  storefrontChoice.value = chosen;
}

function sayConnection(state) {
  connectionLine.dataset.state = state;
  setText(connectionLine, say(`state.${state}`));
}

/** Asks for a token where the server makes none by itself, wherever one goes until it is there. */
function askForToken(wanting, wasRefused) {
  return new Promise((resolve) => {
    wanting.asked = { wasRefused, resolve };
    if (wanting === current) showSignIn();
  });
}

function showSignIn() {
  const { asked } = current;
  const token = make('textarea', {
    rows: 4, required: true, autocomplete: 'off', spellcheck: 'false',
  });
  const form = make('form', { class: 'card sign-in' },
    make('h2', { text: say('signIn') }),
    make('p', { text: say('signIn.why') }),
    asked.wasRefused ? make('p', { class: 'bad', text: say('signIn.refused') }) : null,
    field(say('token'), token),
    make('button', { class: 'main', text: say('signIn') }));
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    form.remove();
    current.asked = null;
    asked.resolve(token.value.trim());
  });
  main.prepend(form);
  token.focus();
}

/** Shows the role of the address from the beginning. */
function show() {
  leave();
  // The way back leads out of a dialog as well.
  for (const open of document.querySelectorAll('dialog[open]')) open.close();
  const asked = place();
  sayFrame();
  document.title = `${say(`role.${asked.role}`)} · Waggle`;
  for (const anchor of document.querySelectorAll('#roles a')) {
    const isCurrent = anchor.hash === `#${asked.role}`;
    if (isCurrent) anchor.setAttribute('aria-current', 'page');
    else anchor.removeAttribute('aria-current');
  }
  main.replaceChildren();
  main.className = asked.role;
  const { connection, signIn } = connectionFor(asked);
  let isOver = false;
  const end = roles[asked.role]({
    main, connection, signIn, place: asked, tell, hasArrived,
    // What was under way when the page was left is nobody's concern any more.
    tellRefusal: (refusal) => isOver || tellRefusal(refusal),
  });
  leave = () => {
    isOver = true;
    end();
  };
  if (current.asked) showSignIn();
}

/** The connection of a role; another role is another person, and has its own. */
function connectionFor({ role, isLanding }) {
  const key = `${role} ${isLanding}`;
  if (current?.key === key) return current;
  current?.connection.close();
  delete connectionLine.dataset.state;
  setText(personLine, '');
  signOut.hidden = true;
  offerStorefronts({ all: [] });
  const signIn = new SignIn(role, {
    mayHaveCookie: isLanding, askForToken: (wasRefused) => askForToken(mine, wasRefused),
  });
  const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
  const connection = new Connection({
    address: `${scheme}://${location.host}/v1/socket`,
    credentials: (wasRefused) => signIn.credentials(wasRefused),
    onState: (state, details) => {
      if (current === mine) showConnection(state, details);
    },
  });
  const mine = { key, connection, signIn, asked: null };
  current = mine;
  connection.open();
  return current;
}

languageChoice.addEventListener('change', () => {
  setLanguage(languageChoice.value);
  // The same place over the same connection, in other words.
  const typed = typedIn(main);
  show();
  typeAgain(main, typed);
});

storefrontChoice.addEventListener('change', () => {
  SignIn.choose(place().role, storefrontChoice.value);
  showAnew();
});

signOut.addEventListener('click', () => {
  SignIn.forget(place().role);
  showAnew();
});

/** Shows the place with a connection of its own, as if it had just been opened. */
function showAnew() {
  leave();
  leave = () => {};
  current?.connection.close();
  current = null;
  show();
}

let shownHash = location.hash;
addEventListener('hashchange', () => {
  if (location.hash === '#main') {
    // The skip link is not a place of its own.
    history.replaceState(null, '', shownHash || '#viewer');
    main.focus();
    return;
  }
  shownHash = location.hash;
  show();
  scrollTo(0, 0);
  main.focus({ preventScroll: true }); // a screen reader goes on where the new place begins
});

show();
