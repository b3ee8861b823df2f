// The HTTP API as one signed-in person: the token goes in a header, never into an address.
//
// It stands beside the connection of protocol.js and uses the same token. What is asked before there is
// one waits for it.

/** What the server refused over HTTP; `code` and `temporary` are those of its problem document. */
export class Problem extends Error {
  constructor(status, answer) {
    super(answer.detail ?? answer.title ?? `HTTP ${status}`);
    this.status = status;
    this.code = answer.code ?? `http_${status}`;
    this.temporary = answer.temporary ?? status >= 500;
    this.field = answer.field ?? null;
    this.details = answer;
  }
}

/** A path with its parts encoded: path`/v1/orders/${order}`. */
export function path(texts, ...parts) {
  return texts.reduce((whole, text, index) =>
    whole + text + (index < parts.length ? encodeURIComponent(parts[index]) : ''), '');
}

export class Api {
  #connection;
  #signIn;
  #isReady = null;

  constructor({ connection, signIn }) {
    this.#connection = connection;
    this.#signIn = signIn;
  }

  /** Asks; `query` is an object whose empty values are left out. */
  get(address, query = {}) {
    return this.#json('GET', address + queryText(query));
  }

  post(address, body = {}) {
    return this.#json('POST', address, body);
  }

  put(address, body = {}) {
    return this.#json('PUT', address, body);
  }

  /** An answer that is no JSON, as a text. */
  async text(address) {
    return (await this.#send('GET', address)).text();
  }

  /** An answer of a health check: its body, whatever the status says. */
  async health(address) {
    const response = await fetch(address);
    return { status: response.status, body: await response.json().catch(() => ({})) };
  }

  /**
   * Every page of a list from the query's `after` on, up to `most` entries of the member `name`; the
   * answer's `after` is where it goes on.
   */
  async all(address, name, query = {}, most = 1000) {
    const found = [];
    let after = query.after ?? null;
    do {
      const page = await this.get(address, { ...query, after });
      found.push(...page[name]);
      after = page.after ?? null;
    } while (after !== null && found.length < most);
    return { found, after, isWhole: after === null };
  }

  /** Saves a file of the server's under its own name. */
  async save(address, name) {
    const response = await this.#send('GET', address);
    const file = URL.createObjectURL(await response.blob());
    const link = document.createElement('a');
    link.href = file;
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(file), 60_000);
  }

  async #json(method, address, body) {
    return (await this.#send(method, address, body)).json();
  }

  async #send(method, address, body) {
    // The connection signs in; its first answer says that there is a token.
    this.#isReady ??= this.#connection.call('room.list', { limit: 1 });
    await this.#isReady.catch((refusal) => {
      this.#isReady = null;
      if (!this.#signIn.token) throw refusal;
    });
    const headers = { Authorization: `Bearer ${this.#signIn.token}` };
    if (body !== undefined) headers['Content-Type'] = 'application/json';
    const response = await fetch(address, {
      method, headers, body: body === undefined ? undefined : JSON.stringify(body),
    });
    if (response.ok) return response;
    throw new Problem(response.status, await response.json().catch(() => ({})));
  }
}

function queryText(query) {
  const items = Object.entries(query).filter(([, value]) =>
    value !== null && value !== undefined && value !== '');
  if (items.length === 0) return '';
  return `?${new URLSearchParams(items.map(([name, value]) => [name, String(value)]))}`;
}

/**
 * What identifies a report: its id, and the moment of the first press. Sent again after a lost answer it is
 * the same, and counts once. `members` name the two, `id` is the id; gives a function that gives both.
 */
export function reportedOnce([idMember, momentMember], id) {
  let at = null;
  return () => {
    at ??= new Date().toISOString();
    return { [idMember]: id, [momentMember]: at };
  };
}
