// A room as this page knows it: what `room.join` answered, with every event since.

export class Room {
  view = null;
  watching = 0;
  unique = 0;
  /** Listings in the order of the room. */
  listings = [];

  /** Begins from a fresh answer of `room.join`. */
  begin({ room, listings, watching, unique }) {
    this.view = room;
    this.listings = listings;
    this.counted({ watching, unique });
  }

  counted({ watching, unique }) {
    this.watching = watching;
    this.unique = unique;
  }

  /** Adds listings that came page by page. */
  more(listings) {
    for (const listing of listings) this.#put(listing);
  }

  get pinned() {
    return this.find(this.view?.pinned);
  }

  find(sku) {
    return this.listings.find((listing) => listing.sku === sku) ?? null;
  }

  title(sku) {
    return this.find(sku)?.title ?? sku;
  }

  /** Takes one event of the room, in order. */
  take(event) {
    switch (event.kind) {
      case 'listing.added':
        for (const listing of event.listings) this.#put(listing);
        break;
      case 'listing.removed':
        this.listings = this.listings.filter(({ sku }) => sku !== event.sku);
        if (this.view.pinned === event.sku) this.view.pinned = null;
        break;
      case 'listing.pinned':
        this.view.pinned = event.sku;
        break;
      case 'listing.reordered': {
        const first = event.skus.map((sku) => this.find(sku)).filter(Boolean);
        this.listings = [...first, ...this.listings.filter((known) => !first.includes(known))];
        break;
      }
      default:
        if (event.kind.startsWith('room.')) this.#changed(event);
    }
  }

  /** Takes the latest stock of a listing. */
  level({ sku, left, sold, sequence }) {
    const listing = this.find(sku);
    if (!listing || (listing.sequence ?? 0) > sequence) return;
    Object.assign(listing, { left, sold, sequence });
  }

  #changed(event) {
    const { epoch, offset, at, kind, ...view } = event;
    this.view = { ...this.view, ...view };
  }

  #put(listing) {
    const index = this.listings.findIndex(({ sku }) => sku === listing.sku);
    if (index < 0) this.listings.push(listing);
    else this.listings[index] = listing;
  }
}

/** Reads the listings after the first page of `room.join`, page by page. */
export async function readRest(connection, room, onPage) {
  const pageSize = 100;
  let page = room.listings;
  while (page.length === pageSize) {
    const after = page[page.length - 1].place;
    const answer = await connection.call(
      'listing.list', { room: room.view.room, after, limit: pageSize });
    page = answer.listings;
    room.more(page);
    onPage();
  }
}
