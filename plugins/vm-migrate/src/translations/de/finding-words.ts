/** Worum es bei Befunden geht, und was zu tun ist. */
import type { findingWords } from '../en/finding-words';
import type { Flat } from '../flat';

export const findingWordsDe: Flat<typeof findingWords> = {
  'findingKinds.memory-not-carried': 'Arbeitsspeicher der VM wird nicht übernommen',
  'findingKinds.snapshot-merged': 'Snapshot geht im nächsten auf',
  'findingKinds.snapshot-dropped': 'Stand eines Snapshots wird nicht übernommen',
  'findingKinds.snapshot-incomplete': 'Snapshot ist unvollständig',
  'findingKinds.snapshot-without-volumes': 'Snapshot ohne Festplatten',
  'findingKinds.current-not-frozen': 'Aktueller Stand ist in Benutzung',
  'findingKinds.current-not-readable': 'Aktueller Stand ist nicht lesbar',
  'findingKinds.leftover-delta': 'Delta, das nichts nennt',
  'findingKinds.disk-left-out': 'Festplatte wird ausgelassen',
  'findingKinds.class-not-chosen': 'Keine Speicherklasse gewählt',
  'findingKinds.class-chosen': 'Speicherklasse nach Regel gewählt',
  'findingKinds.classes-differ': 'Festplatten auf verschiedenen Speicherklassen',
  'findingKinds.branch-volumes-stay': 'Volumes von Seitenzweigen bleiben',
  'findingKinds.restore-impossible': 'Ein Zweig ist nicht wiederherstellbar',
  'findingKinds.restore-copies': 'Wiederherstellung kopiert',
  'findingKinds.guest-disk-driver': 'Treiber für Festplatten im Gast',
  'findingKinds.guest-network-driver': 'Treiber für das Netzwerk im Gast',
  'findingKinds.guest-firmware': 'Firmware des Gasts',
  'findingKinds.too-many-snapshots': 'Mehr Snapshots, als die Klasse erlaubt',
  'findingKinds.space-short': 'Zu wenig freier Platz',
  'findingKinds.names-taken': 'Namen sind von Behaltenem belegt',
  'findingKinds.size-unknown': 'Größe eines Layers unbekannt',
  'findingKinds.layer-missing': 'Datei fehlt',
  'findingKinds.layer-unreadable': 'Datei ist nicht lesbar',
  'findingKinds.layer-unsupported': 'Festplatte liegt nicht in Dateien',
  'findingKinds.layer-unclean': 'Datei wurde nicht sauber geschlossen',
  'findingKinds.parent-changed': 'Elternteil hat sich nach dem Delta geändert',
  'findingKinds.snapshot-unplaced': 'Snapshot passt nirgends in die Historie',
  'findingKinds.snapshot-parent-unknown': 'Elternteil eines Snapshots unbekannt',
  'findingKinds.snapshot-count': 'Anzahl der Snapshots widerspricht sich',
  'findingKinds.current-snapshot-unknown': 'VMware sagt nicht, wo „jetzt“ ist',
  'findingKinds.vmsd-missing': 'Liste der Snapshots fehlt',
  'findingKinds.vmsd-broken': 'Liste der Snapshots ist beschädigt',
  'findingKinds.config-missing': 'Konfiguration der VM fehlt',
  'findingKinds.current-guessed': 'Aktueller Stand ist erschlossen',
  'findingKinds.independent-disk': 'Unabhängige Festplatte',
  'findingKinds.nonpersistent-disk': 'Festplatte, die Änderungen verwirft',
  'findingKinds.disk-removed': 'Festplatte, die nur ältere Snapshots haben',
  'findingKinds.disk-twice': 'Festplatte hängt zweimal an der VM',
  'findingKinds.consolidation-needed': 'Deltas, die zu keinem Snapshot gehören',
  'findingKinds.unattached-disk': 'Festplatte, die nicht angehängt ist',
  'findingKinds.orphan-extent': 'Datei, die keine Festplatte nennt',
  'findingKinds.shared-base': 'Basis gehört auch anderen VMs',
  'findingKinds.has-linked-clones': 'Andere VMs bauen auf dieser auf',
  'findingKinds.source-pushed': 'Dateien liest diese Maschine',
  'findingKinds.table-copies-differ': 'Zwei Kopien einer Tabelle unterscheiden sich',
  'findingKinds.grain-shared': 'Zwei Stellen teilen sich ihre Bytes',
  'findingKinds.grains-not-compared': 'Teil einer Tabelle wurde nicht verglichen',
  'findingKinds.vtpm-not-carried': 'Virtuelles TPM wird nicht übernommen',
  'findingRemedies.memory-not-carried':
    'Nichts zu tun: Die Festplatten werden so übernommen, wie sie in jenem Augenblick waren, wie nach einem Stromausfall. Wird der Arbeitsspeicher gebraucht, behalten Sie die VM an ihrer Quelle.',
  'findingRemedies.snapshot-merged':
    'Behalten Sie den Snapshot unter „Was behalten wird“, wenn sein Stand für sich gebraucht wird.',
  'findingRemedies.snapshot-dropped':
    'Behalten Sie den Snapshot unter „Was behalten wird“, oder nehmen Sie hin, dass sein Stand nicht übernommen wird.',
  'findingRemedies.snapshot-incomplete':
    'Bringen Sie die genannten Dateien in Ordnung und planen Sie neu, oder nehmen Sie hin, dass dieser Stand nicht ganz übernommen wird.',
  'findingRemedies.snapshot-without-volumes':
    'Nichts zu tun: Der Snapshot enthält den Stand keiner Festplatte, die übernommen wird.',
  'findingRemedies.current-not-frozen':
    'Fahren Sie die VM sauber herunter (eine angehaltene zuerst fortsetzen) oder ziehen Sie einen Snapshot, und planen Sie neu. Oder nehmen Sie es hin: Die eingefrorene Historie wird jetzt übernommen, der aktuelle Stand später.',
  'findingRemedies.current-not-readable':
    'Machen Sie die Datei lesbar und planen Sie neu, oder nehmen Sie hin, dass der aktuelle Stand dieser Festplatte nicht übernommen wird.',
  'findingRemedies.leftover-delta':
    'Kommt es auf seinen Inhalt an, hängen Sie die Datei an eine VM und ziehen Sie einen Snapshot. Sonst konsolidieren Sie die Festplatten in VMware. Es wird nicht migriert.',
  'findingRemedies.disk-left-out': 'Wählen Sie die Festplatte wieder aus, wenn sie gebraucht wird.',
  'findingRemedies.class-chosen':
    'Wählen Sie unter „Wohin“ eine andere, wenn diese nicht recht ist.',
  'findingRemedies.classes-differ':
    'Wählen Sie für die einzelnen Festplatten keine eigene Klasse, damit alle dieselbe haben: Snapshots einer VM zieht am besten ein Speicher.',
  'findingRemedies.branch-volumes-stay':
    'Nehmen Sie eine Speicherklasse, deren Snapshots ihr Volume überleben, oder entfernen Sie die Volumes samt ihren VolumeSnapshots, wenn sie nicht mehr gebraucht werden.',
  'findingRemedies.restore-impossible':
    'Wählen Sie für die ganze Festplatte eine Speicherklasse, oder behalten Sie weniger Snapshots, sodass kein Zweig wiederhergestellt wird.',
  'findingRemedies.restore-copies':
    'Nichts zu tun: Es braucht Zeit und Platz auf dem Speicher, neben dem, was der Plan zählt.',
  'findingRemedies.names-taken':
    'Wählen Sie ein anderes Präfix für die Namen, oder lassen Sie das Behaltene entfernen, wenn es niemand braucht: Brechen Sie jene Migration an einem Terminal noch einmal ab.',
  'findingRemedies.space-short':
    'Schaffen Sie Platz auf dem Ziel, behalten Sie weniger Snapshots, lassen Sie Festplatten aus oder wählen Sie eine andere Speicherklasse. Der Bedarf ist eine Obergrenze: Nehmen Sie es hin, wenn Sie es besser wissen.',
  'findingRemedies.size-unknown':
    'Der Plan zählt die ganze Festplatte dafür; Schätzungen von Platz und Zeit sind zu hoch.',
  'findingRemedies.layer-missing':
    'Kopieren Sie die Datei an ihren Ort zurück, oder tragen Sie den Ordner, in dem sie liegt, bei dieser Quelle ein. Oder nehmen Sie hin, dass nicht migriert wird, was sie braucht.',
  'findingRemedies.layer-unreadable':
    'Beheben Sie die Ursache oder kopieren Sie die Datei noch einmal vom Host, oder nehmen Sie hin, dass nicht migriert wird, was sie braucht.',
  'findingRemedies.layer-unsupported':
    'Klonen Sie die Festplatte auf dem Host in ein Dateiformat (vmkfstools -i), oder lassen Sie sie aus. Oder nehmen Sie hin, dass nicht migriert wird, was sie braucht.',
  'findingRemedies.layer-unclean':
    'Schalten Sie die VM einmal ein und fahren Sie sie herunter, damit ihr Host die Datei schließt. Oder nehmen Sie hin, dass nicht migriert wird, was sie braucht.',
  'findingRemedies.parent-changed':
    'Stellen Sie den Elternteil so her, wie er beim Anlegen des Deltas war. Nehmen Sie dies nur hin, wenn Sie wissen, dass sein Inhalt noch derselbe ist: Das Ergebnis ist genau oder Unsinn, und keine Prüfung erkennt es.',
  'findingRemedies.snapshot-unplaced':
    'Bringen Sie den Eintrag in der .vmsd in Ordnung oder löschen Sie den Snapshot in VMware. Oder nehmen Sie hin, dass er nicht migriert wird.',
  'findingRemedies.snapshot-parent-unknown':
    'Für den Inhalt ist nichts zu tun: Die Dateien sagen, was zusammengehört. Der Snapshot wird ohne Elternteil gezeigt.',
  'findingRemedies.snapshot-count':
    'Vergleichen Sie mit den Snapshots, die VMware zeigt. Ein Snapshot, den Sie dort ziehen und wieder löschen, lässt die Datei neu schreiben.',
  'findingRemedies.current-snapshot-unknown':
    'Nichts zu tun: Die Dateien sagen, wo der aktuelle Stand ist.',
  'findingRemedies.vmsd-missing':
    'Kopieren Sie die .vmsd vom Host, um Namen, Zeiten und Beschreibungen zu haben. Der Inhalt jedes Standes wird auch ohne sie migriert.',
  'findingRemedies.vmsd-broken':
    'Bringen Sie die Zeile in Ordnung oder kopieren Sie die .vmsd noch einmal vom Host, um Namen, Zeiten und Beschreibungen zu haben. Der Inhalt jedes Standes wird auch ohne sie migriert.',
  'findingRemedies.config-missing':
    'Kopieren Sie die .vmx neben die Festplatten, wenn die VM eine hat: Sie sagt, welche Festplatten zusammengehören.',
  'findingRemedies.current-guessed':
    'Kopieren Sie die .vmx neben die Festplatten: Sie sagt, welche Datei der aktuelle Stand ist.',
  'findingRemedies.independent-disk':
    'Nichts zu tun: VMware zieht von unabhängigen Festplatten keine Snapshots; sie wird migriert, wie sie jetzt ist.',
  'findingRemedies.nonpersistent-disk':
    'Nichts zu tun: Die Festplatte wird ohne die Änderungen migriert, die VMware beim Ausschalten verwirft.',
  'findingRemedies.disk-removed':
    'Nichts zu tun: Die Festplatte wird für die Snapshots migriert, die sie haben. Lassen Sie sie aus, wenn sie nicht gewünscht sind.',
  'findingRemedies.disk-twice': 'Nichts zu tun: Die Festplatte wird einmal migriert.',
  'findingRemedies.consolidation-needed':
    'Nichts zu tun: Diese Deltas werden mit dem Stand angewendet, der folgt. Konsolidieren in VMware entfernt sie.',
  'findingRemedies.unattached-disk':
    'Gehört sie zur VM, hängen Sie sie in VMware an und laden Sie die VM neu. Sie wird nicht migriert.',
  'findingRemedies.orphan-extent':
    'Gehört sie zur VM, stellen Sie den Descriptor wieder her, der sie nennt. Sie wird nicht migriert.',
  'findingRemedies.shared-base':
    'Nichts zu tun: Die Datei wird gelesen, wo sie ist, und für diese VM gezählt. Andere verknüpfte Klone bringen sie noch einmal mit.',
  'findingRemedies.has-linked-clones':
    'Nichts zu tun: Löschen Sie diese VM an der Quelle nicht, bevor ihre verknüpften Klone migriert sind.',
  'findingRemedies.source-pushed':
    'Nichts zu tun. Schneller, und ohne diese Maschine: Sagen Sie bei der Quelle, wie Pods den Ordner erreichen (`pods: { persistentVolumeClaim: NAME }` oder `pods: { nfs: { server, path } }`), oder stellen Sie ihn über HTTPS bereit (Art vm-https).',
  'findingRemedies.table-copies-differ':
    'Die erste Kopie der Tabellen wird gelesen. Im Zweifel lassen Sie VMware die Festplatte an ihrem Host prüfen (vmware-vdiskmanager -R) oder kopieren Sie die Datei noch einmal, und vergleichen Sie die migrierte Festplatte mit dem Original, bevor Sie es löschen.',
  'findingRemedies.grain-shared':
    'Die Festplatte wird migriert, wie jeder Leser sie sieht: dieselben Bytes an beiden Stellen. Kein bekanntes Programm schreibt solche Dateien; prüfen Sie das Dateisystem des Gasts, bevor Sie ihm trauen.',
  'findingRemedies.grains-not-compared':
    'Nichts zu tun: Der Rest der Datei wurde verglichen, und jedes Byte wird gelesen, wie ihre Tabellen sagen.',
  'findingRemedies.vtpm-not-carried':
    'Halten Sie BitLocker oder Ähnliches im Gast vor dem letzten Herunterfahren an, oder halten Sie den Wiederherstellungsschlüssel bereit.',
};
