/**
 * What is chosen for a VM, as the address of the page says it: a link to it shows the same choices, and
 * the browser's way back undoes one. What the address says wrongly counts as not said. Findings that were
 * accepted are not in it: whoever opens the link accepts for himself. Pure.
 */
import { NOTHING_CHOSEN, type Draft, type KeepRuleName } from './draft';

const RULES: readonly KeepRuleName[] = ['all', 'newest', 'names', 'age'];
const MOST_TEXT = 200;

export function draftOfAddress(query: URLSearchParams): Draft {
  const said = (name: string) => {
    const text = query.get(name)?.slice(0, MOST_TEXT);
    return text === '' ? undefined : text;
  };
  const count = (name: string, least: number) => {
    const number = Number(said(name) ?? NaN);
    return Number.isSafeInteger(number) && number >= least ? number : undefined;
  };
  return {
    rule: RULES.find(rule => rule === query.get('keep')) ?? NOTHING_CHOSEN.rule,
    newest: count('count', 0),
    // An empty one says that none is kept.
    keptIds: query.has('snapshot')
      ? new Set(query.getAll('snapshot').filter(id => id !== ''))
      : undefined,
    days: count('days', 1) ?? NOTHING_CHOSEN.days,
    target: said('target'),
    storageClass: said('class'),
    classByDisk: Object.fromEntries(query.getAll('diskClass').flatMap(classOfDisk)),
    leftOut: new Set(query.getAll('leaveOut').filter(id => id !== '')),
    namePrefix: said('prefix') ?? NOTHING_CHOSEN.namePrefix,
    cutCurrent: query.get('cutCurrent') === 'true',
    sampleWindows: count('sample', 0),
  };
}

/** `DISK=CLASS`; no class has a `=` in its name. */
function classOfDisk(text: string): readonly (readonly [string, string])[] {
  const at = text.lastIndexOf('=');
  return at < 1 || at === text.length - 1 ? [] : [[text.slice(0, at), text.slice(at + 1)]];
}

/** As short as it can be: what is not chosen is not said. */
export function addressOfDraft(vm: string, draft: Draft): URLSearchParams {
  const { rule, newest, keptIds, days, target, storageClass, classByDisk, leftOut } = draft;
  const { namePrefix, cutCurrent, sampleWindows } = draft;
  const query = new URLSearchParams({ vm });
  const say = (name: string, value: string | number | undefined) => {
    if (value !== undefined && value !== '') query.set(name, String(value));
  };
  if (rule !== NOTHING_CHOSEN.rule) query.set('keep', rule);
  say('count', newest);
  if (keptIds !== undefined)
    for (const id of keptIds.size === 0 ? [''] : keptIds) query.append('snapshot', id);
  if (days !== NOTHING_CHOSEN.days) say('days', days);
  say('target', target);
  say('class', storageClass);
  for (const [disk, name] of Object.entries(classByDisk))
    query.append('diskClass', `${disk}=${name}`);
  for (const id of leftOut) query.append('leaveOut', id);
  say('prefix', namePrefix);
  if (cutCurrent) query.set('cutCurrent', 'true');
  say('sample', sampleWindows);
  return query;
}
