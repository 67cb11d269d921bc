/* What a person is writing, kept on this machine until it is saved: {title, body, at}, one for each person and piece. */
const named = (name) => `copydesk-draft:${name}`;

export function keep(name, draft) {
  try {
    localStorage.setItem(named(name), JSON.stringify({ ...draft, at: Date.now() }));
    return true;
  } catch {
    return false; // storage is full or closed: the page's own warning on leaving still stands
  }
}

export function recall(name) {
  try {
    return JSON.parse(localStorage.getItem(named(name)));
  } catch {
    return null;
  }
}

export function forget(name) {
  try {
    localStorage.removeItem(named(name));
  } catch {
    // nothing could have been kept there either
  }
}
