/** Worte der kleinen Dinge, die Seiten teilen. */
import type { Flat } from '../flat';
import type { parts } from '../en/parts';

export const partsDe: Flat<typeof parts> = {
  'controls.quoted': '„{{name}}“',
  'controls.under': '„{{name}}“ unter „{{section}}“',
  'command.label': 'Befehl für ein Terminal',
  'command.copy': 'Befehl kopieren',
  'command.copied': 'Kopiert',
  waiting: 'Wird geladen',
  'wait.for': 'wartet auf',
  'wait.time': 'seit {{time}}',
  age: 'vor {{time}}',
};
