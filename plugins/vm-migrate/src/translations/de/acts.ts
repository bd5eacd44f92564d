/** Was man mit Migrationen tun kann, und was dabei geschieht. */
import type { Flat } from '../flat';
import type { acts } from '../en/acts';

export const actsDe: Flat<typeof acts> = {
  'acts.pause.name': 'Anhalten',
  'acts.pause.title_one': 'Diese Migration anhalten?',
  'acts.pause.title_other': '{{count}} Migrationen anhalten?',
  'acts.pause.confirm_one': 'Anhalten',
  'acts.pause.confirm_other': '{{count}} anhalten',
  'acts.pause.happens':
    'Das laufende Fenster wird noch fertig; dann wird nichts geschrieben, bis jemand fortsetzt. Auf dem Ziel bleibt alles, wie es ist.',
  'acts.resume.name': 'Fortsetzen',
  'acts.resume.title_one': 'Diese Migration fortsetzen?',
  'acts.resume.title_other': '{{count}} Migrationen fortsetzen?',
  'acts.resume.confirm_one': 'Fortsetzen',
  'acts.resume.confirm_other': '{{count}} fortsetzen',
  'acts.resume.happens':
    'Es geht dort weiter, wo es aufgehört hat. Was auf dem Ziel ist, wird verwendet; nichts wird entfernt.',
  'acts.retry.name': 'Wiederholen',
  'acts.retry.title_one': 'Fehlgeschlagene Schritte dieser Migration wiederholen?',
  'acts.retry.title_other': 'Fehlgeschlagene Schritte von {{count}} Migrationen wiederholen?',
  'acts.retry.confirm_one': 'Wiederholen',
  'acts.retry.confirm_other': '{{count}} wiederholen',
  'acts.retry.happens':
    'Fehlgeschlagene Schritte werden noch einmal versucht. Ein Volume, das halb beschrieben zurückblieb, wird zuerst geprüft und neu angelegt, wenn es nicht ist, was es sein soll.',
  'acts.cancel.name': 'Abbrechen',
  'acts.cancel.title_one': 'Diese Migration abbrechen?',
  'acts.cancel.title_other': '{{count}} Migrationen abbrechen?',
  'acts.cancel.confirm_one': 'Migration abbrechen',
  'acts.cancel.confirm_other': '{{count}} Migrationen abbrechen',
  'acts.cancel.happens':
    'Eine abgebrochene Migration kann nicht fortgesetzt werden. Die VM an der Quelle bleibt unberührt. Was soll mit dem geschehen, was auf dem Ziel angelegt wurde?',
  'acts.objects.label': 'Volumes und VolumeSnapshots auf dem Ziel',
  'acts.objects.keep-all.title': 'Alle behalten',
  'acts.objects.keep-all.happens':
    'Volumes und VolumeSnapshots bleiben und belegen Platz, bis sie jemand entfernt.',
  'acts.objects.keep-snapshots.title': 'Die VolumeSnapshots behalten',
  'acts.objects.keep-snapshots.happens':
    'Jeder VolumeSnapshot, der für einen VMware-Snapshot gezogen wurde, bleibt und kann wiederhergestellt werden. Volumes und Arbeits-VolumeSnapshots werden entfernt.',
  'acts.objects.remove-all.title': 'Alle entfernen',
  'acts.objects.remove-all.happens':
    'Jedes Volume und jeder VolumeSnapshot der Migration wird endgültig entfernt. Auf dem Ziel bleibt nichts davon.',
  'acts.leftAlone_one': 'Eine weitere ist ausgewählt und bleibt, wie sie ist:',
  'acts.leftAlone_other': '{{count}} weitere sind ausgewählt und bleiben, wie sie sind:',
  'acts.sum': '{{done}} von {{total}} erledigt, {{failed}} fehlgeschlagen',
  'acts.outcome.asked': 'läuft',
  'acts.outcome.done': 'erledigt',
  'acts.outcome.failed': 'fehlgeschlagen',
  'acts.again_one': 'Die fehlgeschlagene noch einmal versuchen',
  'acts.again_other': 'Die {{count}} fehlgeschlagenen noch einmal versuchen',
  'acts.back': 'Zurück',
  'acts.close': 'Schließen',
  'acts.refusal.migrated':
    'Sie ist schon migriert; ihre Volumes und VolumeSnapshots gehören Ihnen.',
  'acts.refusal.canceled': 'Sie ist abgebrochen.',
  'acts.refusal.paused': 'Sie ist schon angehalten.',
  'acts.refusal.notPaused': 'Sie ist nicht angehalten.',
  'acts.refusal.nothingFailed': 'Keiner ihrer Schritte ist fehlgeschlagen.',
  'acts.refusal.notAllowed':
    'Sie dürfen sie nicht steuern. Fragen Sie, wer in Backstage über Rechte entscheidet.',
  'acts.refusalOfAll.nothing': 'Wählen Sie zuerst Migrationen aus.',
  'acts.refusalOfAll.pause': 'Keine der ausgewählten Migrationen kann angehalten werden.',
  'acts.refusalOfAll.resume': 'Keine der ausgewählten Migrationen ist angehalten.',
  'acts.refusalOfAll.retry':
    'Keine der ausgewählten Migrationen hat einen fehlgeschlagenen Schritt.',
  'acts.refusalOfAll.cancel': 'Alle ausgewählten Migrationen sind zu Ende.',
  'acts.refusalOfAll.notAllowed': 'Sie dürfen keine der ausgewählten Migrationen steuern.',
};
