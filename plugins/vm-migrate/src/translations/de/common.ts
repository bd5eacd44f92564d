/** Worte aller Seiten. */
import type { Flat } from '../flat';
import type { common } from '../en/common';

export const commonDe: Flat<typeof common> = {
  language: 'de',
  'plugin.title': 'VM-Migrationen',
  'nav.migrations': 'Migrationen',
  'nav.new': 'Neue Migration',
  'nav.operations': 'Quellen und Worker',
  'noSuchPage.title': 'Diese Seite gibt es nicht',
  'noSuchPage.words':
    'Vielleicht ist die Adresse falsch geschrieben, oder sie stammt aus einer anderen Version.',
  'noSuchPage.list': 'Zu den Migrationen',
  'live.starting': 'Verbindung wird aufgebaut',
  'live.stream': 'Live',
  'live.polling': 'Live, alle 2 Sekunden',
  'live.denied': 'Nicht live: Sie dürfen keine Ereignisse lesen',
  'live.lost.title': 'Das Backend antwortet nicht',
  'live.lost.words': 'Die Anzeige kann veraltet sein. Es wird von selbst erneut gefragt.',
  'live.signed-out.title': 'Sie sind abgemeldet',
  'live.signed-out.words':
    'Die Anzeige kann veraltet sein. Laden Sie die Seite neu, um sich wieder anzumelden.',
  'live.signed-out.reload': 'Seite neu laden',
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
  'failure.signedOut.title': 'Sie sind abgemeldet.',
  'failure.signedOut.remedy': 'Laden Sie die Seite neu, um sich wieder anzumelden.',
};
