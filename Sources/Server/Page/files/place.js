// What the address asks for. Addresses come from links that anybody may have written: whatever stands in
// one leads somewhere.

const decoded = (text) => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a stray % is nobody's room, and told as such
  }
};

/** The room that stands alone behind the `#`, as in `/embed#ROOM`. */
export function roomOf({ hash }) {
  return decoded(hash.slice(1));
}

/** What an address (a `Location`) asks for; `roles` are the names that there are. */
export function placeOf({ hash, search }, roles) {
  const [role, room, ...rest] = hash.slice(1).split('/');
  const query = new URLSearchParams(search);
  const isViewer = !roles.includes(role) || role === 'viewer';
  return {
    role: isViewer ? 'viewer' : role,
    room: room ? decoded(room) : isViewer ? query.get('room') : null,
    // Only a landing link puts the room into the query; only then there may be a cookie.
    isLanding: isViewer && !room && query.has('room'),
    link: query.get('link'),
    rejected: query.get('rejected'),
  };
}

/** The query without what is told once: by which link the visitor came, and why it was rejected. */
export function arrivedQuery(search) {
  const query = new URLSearchParams(search);
  query.delete('link');
  query.delete('rejected');
  return query.size > 0 ? `?${query}` : '';
}
