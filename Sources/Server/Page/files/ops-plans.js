// Plans: the one in force with what lint says of it, a trial of another on what was really sold, and its
// activation, for which every risk has to be taken by its name.

import { button, field, figure, make } from './dom.js';
import { count, dateAndTime, money, rate } from './format.js';
import { languageKey, say } from './words.js';
import { confirmed, dataTable } from './widgets.js';

const wording = (text) => text?.[languageKey()] ?? '';
const valueText = (value) => (Array.isArray(value) ? value.join(', ') : String(value));

/** The part: {element, read()}. */
export function planPart(page) {
  const { api, attempt } = page;
  const present = make('div', { class: 'stack' });
  const result = make('div', { class: 'stack', 'aria-live': 'polite' });
  const plan = make('select', {});
  const parameters = make('div', { class: 'parameters' });
  const days = make('input', { type: 'number', min: '1', max: '366', value: '30' });
  let plans = null;
  let inputs = [];

  function showParameters() {
    const chosen = plan.value === '' ? plans.inForce
      : plans.shipped.find((one) => one.plan === plan.value);
    inputs = chosen.parameters.map(({ name, value, ours }) => {
      const input = make('input', { value: valueText(value), autocomplete: 'off' });
      return { name, value, input, element: field(name, input,
        say(ours ? 'plan.ours' : 'plan.source')) };
    });
    parameters.replaceChildren(...inputs.map(({ element }) => element));
  }

  /** The values that differ from those shown at first, of the kinds that they had. */
  function wishes() {
    const wanted = {};
    for (const { name, value, input } of inputs) {
      const text = input.value.trim();
      if (text === valueText(value)) {
        // A shipped plan's own value is its default; the present plan keeps what it is bound to.
        if (plan.value === '') wanted[name] = value;
        continue;
      }
      if (Array.isArray(value)) wanted[name] = text.split(/[,\s，]+/).filter(Boolean);
      else wanted[name] = typeof value === 'number' && /^-?\d+$/.test(text) ? Number(text) : text;
    }
    return { ...(plan.value === '' ? {} : { plan: plan.value }), parameters: wanted };
  }

  async function trial() {
    const wish = wishes();
    const answer = await attempt(() => api.post('/v1/plans/trial', { ...wish, days: Number(days.value) }));
    if (!answer) return;
    result.replaceChildren(
      make('h3', { text: say('plan.wouldBe', { plan: answer.plan.plan }) }),
      ...planParts(answer.plan), whatIfView(answer.whatIf),
      activation(page, answer.plan, wish, read));
  }

  async function read() {
    const [found, storefront] = await Promise.all([
      attempt(() => api.get('/v1/plans')), attempt(() => api.get('/v1/storefront')),
    ]);
    if (!found || !storefront) return;
    plans = found;
    present.replaceChildren(
      make('p', { class: 'lead', text: `${wording(plans.inForce.title)} · ${say('plan.activation', {
        plan: plans.inForce.plan, activation: plans.planVersion,
      })}` }),
      ...planParts(plans.inForce),
      ...[storefront.acceptedRisks ? make('p', { class: 'hint', text: say('plan.acceptedBy', {
        by: storefront.acceptedRisks.by, time: dateAndTime(storefront.acceptedRisks.at),
        risks: storefront.acceptedRisks.risks.join(', '),
      }) }) : null].filter(Boolean));
    const kept = plan.value;
    plan.replaceChildren(
      make('option', { value: '', text: say('plan.present') }),
      ...plans.shipped.map((one) => make('option', {
        value: one.plan, text: `${one.plan}: ${wording(one.title)}`,
      })));
    plan.value = kept;
    showParameters();
  }

  const form = make('form', { class: 'stack' },
    make('div', { class: 'pair' }, field(say('plan.plan'), plan), field(say('plan.days'), days)),
    make('details', { class: 'more' }, make('summary', { text: say('plan.parameters') }), parameters),
    make('div', { class: 'actions' }, make('button', { class: 'main', text: say('plan.try') })));
  plan.addEventListener('change', showParameters);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    trial();
  });

  return {
    element: make('div', { class: 'stack' },
      make('section', { class: 'card', 'aria-labelledby': 'plan-title' },
        make('h2', { id: 'plan-title', text: say('plan.inForce') }), present),
      make('section', { class: 'card', 'aria-labelledby': 'trial-title' },
        make('h2', { id: 'trial-title', text: say('plan.trial') }),
        make('p', { class: 'hint', text: say('plan.trial.hint') }), form, result)),
    read,
  };
}

/** Bounds, findings, parameters and rules of a plan. */
function planParts(view) {
  const { bounds, findings, disclaimer } = view.lint;
  const shown = (label, text, options) => {
    const part = figure(label, options);
    part.show(text);
    return part.element;
  };
  return [
    make('dl', { class: 'figures' },
      shown(say('plan.worst'), rate(bounds.worstCasePayoutPpm), {
        hint: say(bounds.exact ? 'plan.worst.hint' : 'plan.worst.bound'), tone: 'strong',
      }),
      shown(say('plan.paidDepth'), count(bounds.paidDepth)),
      shown(say('plan.depth'), bounds.structuralDepth === null ? say('plan.unlimited')
        : count(bounds.structuralDepth)),
      bounds.awardsPerHead.map(({ rule, most }) =>
        shown(say('plan.perHead', { rule }), money(most)))),
    findings.length === 0 ? make('p', { class: 'verdict good', text: say('plan.noFindings') })
      : make('ul', { class: 'findings' }, findings.map((finding) => make('li', {
        class: `finding ${finding.severity}`,
      },
      make('strong', { text: say(`plan.severity.${finding.severity}`) }), ' ',
      make('code', { text: finding.code }),
      make('p', { text: wording(finding.text) }),
      finding.citation ? make('p', { class: 'hint', text: wording(finding.citation) }) : null))),
    make('p', { class: 'hint', text: wording(disclaimer) }),
    make('details', { class: 'more' },
      make('summary', { text: say('plan.document') }),
      make('p', { text: say('plan.ranks', { ranks: view.ranks.join(' < ') }) }),
      make('ul', { class: 'plain-list' }, view.rules.map(({ rule, title }) => make('li', {},
        make('code', { text: rule }), ` ${wording(title)}`))),
      make('ul', { class: 'plain-list' }, view.parameters.map(({ name, value, ours }) =>
        make('li', {}, make('code', { text: `${name} = ${valueText(value)}` }), ' ',
          make('span', { class: 'hint', text: say(ours ? 'plan.ours' : 'plan.source') }))))),
  ];
}

/** Who would have got what: the totals as a table, then the people with bars. */
function whatIfView(whatIf) {
  const { currency, totals } = whatIf;
  const signed = (amount) => (amount > 0 ? `+${money(amount, currency)}` : money(amount, currency));
  const most = Math.max(1, ...whatIf.members.map(({ difference }) => Math.abs(difference)));
  const table = dataTable({
    caption: say('plan.whatIf'),
    keyOf: ({ key }) => key,
    columns: [
      { label: say('member.member'), cell: ({ who }) => who },
      { label: say('member.before'), isNumber: true, cell: ({ before }) => money(before, currency) },
      { label: say('member.after'), isNumber: true, cell: ({ after }) => money(after, currency) },
      { label: say('member.difference'), isNumber: true, cell: ({ difference, isTotal }) => {
        const text = make('strong', {
          class: difference < 0 ? 'bad' : difference > 0 ? 'good' : null, text: signed(difference),
        });
        if (isTotal || difference === 0) return text;
        const bar = make('span', {
          class: difference < 0 ? 'delta loses' : 'delta gains', 'aria-hidden': 'true',
        });
        bar.style.inlineSize = `${Math.max(3, Math.round(Math.abs(difference) / most * 64))}px`;
        return make('span', { class: 'delta-cell' }, bar, text);
      } },
    ],
  });
  table.update([
    ...['members', 'suppliers', 'platform'].map((name) => (
      { key: name, who: say(`plan.total.${name}`), isTotal: true, ...totals[name] })),
    ...whatIf.members.map((one) => ({ key: `m-${one.member}`, who: one.member, ...one })),
  ]);
  return make('div', { class: 'stack' },
    make('h3', { text: say('plan.whatIf') }),
    make('p', { class: 'hint', text: say('plan.basis', {
      orders: count(whatIf.orders), joinings: count(whatIf.joinings),
      net: money(whatIf.net, currency), affected: count(whatIf.affected),
    }) }),
    whatIf.refusedLines > 0 ? make('p', { class: 'bad', text: say('plan.refused', {
      count: count(whatIf.refusedLines),
    }) }) : null,
    table.element);
}

function activation({ api, attempt, tell }, view, wish, onDone) {
  const errors = view.lint.findings.filter(({ severity }) => severity === 'error');
  const boxes = [...new Set(errors.map(({ code }) => code))].map((code) => {
    const box = make('input', { type: 'checkbox', value: code });
    return { box, element: make('label', { class: 'check' }, box,
      make('span', {}, say('plan.accept'), ' ', make('code', { text: code }))) };
  });
  const activate = button(say('plan.activate'), async () => {
    const isSure = await confirmed({
      title: say('plan.activate'), text: say('plan.activate.text', { plan: view.plan }),
      action: say('plan.activate'), isDangerous: true,
    });
    if (!isSure) return;
    const storefront = await attempt(() => api.get('/v1/storefront'));
    const answer = storefront && await attempt(() => api.put('/v1/storefront', {
      name: storefront.name, ...wish,
      acceptedRisks: boxes.filter(({ box }) => box.checked).map(({ box }) => box.value),
    }));
    if (!answer) return;
    tell(say('plan.activated', { plan: answer.plan, activation: answer.planVersion }), 'good');
    onDone();
  }, { class: 'danger' });
  const refresh = () => { activate.disabled = boxes.some(({ box }) => !box.checked); };
  for (const { box } of boxes) box.addEventListener('change', refresh);
  refresh();
  return make('section', { class: 'stack' },
    boxes.length > 0 ? make('p', { class: 'hint', text: say('plan.accept.hint') }) : null,
    boxes.map(({ element }) => element),
    make('div', { class: 'actions' }, activate));
}
