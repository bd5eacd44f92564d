/** Worte unserer Teile der Entität einer VM. */
import type { Flat } from '../flat';
import type { entity } from '../en/entity';

export const entityDe: Flat<typeof entity> = {
  'entity.card': 'Migration',
  'entity.menu': 'Mit Snapshots migrieren',
  'entity.notMigrated':
    'Diese VM ist nicht migriert. Ihre Snapshots sind so, wie die Quelle sie jetzt hat.',
  'entity.openMigration': 'Migration öffnen',
  'entity.snapshots': '{{ready}} von {{total}} Snapshots bereit',
  'entity.startedBy': 'gestartet von',
  'entity.endedBy': 'beendet, gestartet von',
  'entity.mayNotPlan':
    'Sie dürfen keine Migration planen. Fragen Sie, wer in Backstage über Rechte entscheidet.',
  'entity.missing.title': 'Diese Entität sagt nicht, welche VM sie ist',
  'entity.missing.words': 'Schreiben Sie in ihren Deskriptor, was fehlt:',
  'entity.missing.example': 'Beispiel der Annotationen',
  'entity.missing.find': 'Quelle und Id jeder VM stehen in',
};
