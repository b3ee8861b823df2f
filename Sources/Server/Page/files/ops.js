// Settlement and operations: orders, statements, plans, the ledger and the server's health.

import { make } from './dom.js';
import { say } from './words.js';

/** Shows the operator's pages; gives a function that ends them. */
export function showOps({ main }) {
  main.append(make('section', { class: 'card', 'aria-labelledby': 'ops-title' },
    make('h1', { id: 'ops-title', text: say('ops.title') })));
  return () => {};
}
