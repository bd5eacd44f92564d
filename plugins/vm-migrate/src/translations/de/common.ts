/** Worte aller Seiten. */
import type { Flat } from '../flat';
import type { common } from '../en/common';

export const commonDe: Flat<typeof common> = {
  'plugin.title': 'VM-Migrationen',
  'nav.migrations': 'Migrationen',
  'nav.new': 'Neue Migration',
  'nav.operations': 'Quellen und Worker',
  'live.starting': 'Verbindung wird aufgebaut',
  'live.stream': 'Live',
  'live.polling': 'Live, alle 2 Sekunden',
  'live.lost': 'Das Backend antwortet nicht; die Anzeige kann veraltet sein',
  'state.running': 'läuft',
  'state.paused': 'angehalten',
  'state.failed': 'fehlgeschlagen',
  'state.migrated': 'migriert',
  'state.canceled': 'abgebrochen',
  'progress.bytes': '{{done}} von {{total}}',
  'progress.left': 'noch {{time}}',
  'copy.label': '{{what}} kopieren',
  'copy.copied': 'Kopiert',
  'copy.failed': 'Der Browser hat nicht kopiert',
  'answer.again': 'Erneut fragen',
  'failure.code': 'Code: {{code}}',
};
