/** Die Liste der Migrationen. */
import type { Flat } from '../flat';
import type { migrations } from '../en/migrations';

export const migrationsDe: Flat<typeof migrations> = {
  'migrations.states': 'Nach Zustand zeigen',
  'migrations.all': 'alle',
  'migrations.filters': 'Filter',
  'migrations.find': 'Migrationen suchen',
  'migrations.findWhat': 'VM, ID, Ziel, wer sie begonnen hat',
  'migrations.source': 'Quelle',
  'migrations.anySource': 'Jede Quelle',
  'migrations.owner': 'Eigentümer der VM',
  'migrations.anyOwner': 'Jeder Eigentümer',
  'migrations.bulk': 'Was mit den ausgewählten Migrationen geschehen soll',
  'migrations.selected_one': '{{count}} ausgewählt',
  'migrations.selected_other': '{{count}} ausgewählt',
  'migrations.clear': 'Auswahl aufheben',
  'migrations.column.vm': 'VM',
  'migrations.column.state': 'Zustand',
  'migrations.column.progress': 'Fortschritt',
  'migrations.column.snapshots': 'Snapshots',
  'migrations.column.target': 'Ziel, Eigentümer',
  'migrations.column.started': 'Begonnen',
  'migrations.ratio': '{{done}} von {{total}}',
  'migrations.layers': '{{done}} von {{total}} Layern',
  'migrations.noOwner': 'kein Eigentümer',
  'migrations.progressOf': 'Fortschritt von {{vm}}',
  'migrations.entity': 'Katalog',
  'migrations.entityOf': '{{vm}} im Katalog',
  'migrations.pageSize_one': '{{count}} je Seite',
  'migrations.pageSize_other': '{{count}} je Seite',
  'migrations.range': '{{from}} bis {{to}} von {{total}}',
  'migrations.none': 'Keine',
  'migrations.empty.title': 'Noch ist nichts migriert',
  'migrations.empty.words':
    'Eine Migration bringt eine VM mit ihren Snapshots nach Kubernetes. Wählen Sie eine VM, sehen Sie, was es kostet, und beginnen Sie.',
  'migrations.nothingFits.title': 'Keine Migration passt zu diesen Filtern',
  'migrations.nothingFits.words':
    'Vielleicht gibt es welche, die Sie nicht sehen dürfen, oder gar keine.',
  'migrations.nothingFits.clear': 'Alle zeigen',
};
