// Who this page is: a token for each role, kept for this tab only, or the cookie of a landing link.
//
// With `--demo` the server makes tokens by itself. Elsewhere the storefront does, and a person who
// tries this page pastes one.

/** What the demonstration calls the roles that it names otherwise than the address does. */
const DEMO_ROLES = { ops: 'operator' };

// Where a page is embedded elsewhere, a browser may refuse it any storage: then it lasts as long as the
// page does.
const memory = inMemory();
const tabStorage = {
  get: (key) => {
    try {
      return sessionStorage.getItem(key);
    } catch {
      return memory.get(key);
    }
  },
  set: (key, value) => {
    try {
      sessionStorage.setItem(key, value);
    } catch {
      memory.set(key, value);
    }
  },
  remove: (key) => {
    memory.remove(key);
    try {
      sessionStorage.removeItem(key);
    } catch {
      // There was none.
    }
  },
};

/** What is kept as long as the page is there, and seen by no other. */
export function inMemory() {
  const kept = new Map();
  return {
    get: (key) => kept.get(key) ?? null,
    set: (key, value) => kept.set(key, value),
    remove: (key) => kept.delete(key),
  };
}

const storageKey = (role) => `waggle.token.${role}`;
const choiceKey = (role) => `waggle.storefront.${role}`;
const choicesKey = (role) => `waggle.storefronts.${role}`;

export class SignIn {
  #role;
  #mayHaveCookie;
  #askForToken;
  #storage;

  /**
   * `mayHaveCookie` is for a viewer who came by a landing link. `askForToken(wasRefused)` gives a promise
   * of a token that a person pasted; `storage` keeps it, for this tab if nothing else is said.
   */
  constructor(role, { mayHaveCookie, askForToken, storage = tabStorage }) {
    this.#role = role;
    this.#mayHaveCookie = mayHaveCookie;
    this.#askForToken = askForToken;
    this.#storage = storage;
  }

  /** The token, for HTTP; null with a cookie session. */
  get token() {
    return this.#mayHaveCookie ? null : this.#storage.get(storageKey(this.#role));
  }

  /** What protocol.js calls before it opens a session. */
  async credentials(wasRefused) {
    const hadCookie = this.#mayHaveCookie;
    if (hadCookie) {
      if (!wasRefused) return null;
      this.#mayHaveCookie = false;
    } else if (wasRefused) {
      this.#storage.remove(storageKey(this.#role));
    }
    const kept = this.#storage.get(storageKey(this.#role));
    if (kept) return kept;
    const token = (await demoToken(this.#role, this.#storage))
      // Nobody pasted a cookie: there is no token yet that was not accepted.
      ?? (await this.#askForToken(wasRefused && !hadCookie));
    this.#storage.set(storageKey(this.#role), token);
    return token;
  }

  /** A POST as this person; the cookie goes along where there is no token. */
  async post(path, body) {
    const headers = { 'Content-Type': 'application/json' };
    if (this.token) headers.Authorization = `Bearer ${this.token}`;
    const response = await fetch(path, { method: 'POST', headers, body: JSON.stringify(body) });
    const answer = await response.json().catch(() => ({}));
    if (response.ok) return answer;
    throw Object.assign(new Error(answer.detail ?? response.statusText), {
      code: answer.code ?? `http_${response.status}`,
      temporary: answer.temporary ?? response.status >= 500,
    });
  }

  /** Where the demonstration has several storefronts for a role: all of them, {storefront, name}, and
      the one that was chosen. */
  get storefronts() {
    const all = JSON.parse(this.#storage.get(choicesKey(this.#role)) ?? '[]');
    return { all, chosen: this.#storage.get(choiceKey(this.#role)) ?? all[0]?.storefront ?? null };
  }

  static forget(role) {
    tabStorage.remove(storageKey(role));
  }

  /** Signs in to another storefront of the demonstration from now on. */
  static choose(role, storefront) {
    SignIn.forget(role);
    tabStorage.set(choiceKey(role), storefront);
  }
}

/** A token of the demonstration; null where the server gives no demonstration. */
async function demoToken(role, storage) {
  const response = await fetch('/demo/session', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({
      role: DEMO_ROLES[role] ?? role, storefront: storage.get(choiceKey(role)),
    }),
  });
  if (response.ok) {
    const { token, storefronts } = await response.json();
    storage.set(choicesKey(role), JSON.stringify(storefronts));
    return token;
  }
  if (response.status >= 500) throw new Error(response.statusText);
  return null;
}
