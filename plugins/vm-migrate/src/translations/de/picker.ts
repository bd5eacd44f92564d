/** Die Felder einer Vorlage: welche VM, wohin, und ihr Plan. */
import type { Flat } from '../flat';
import type { picker } from '../en/picker';

export const pickerDe: Flat<typeof picker> = {
  'picker.label': 'VM',
  'picker.description': 'Die VM, die mit ihren Snapshots migriert wird',
  'picker.placeholder': 'Einen Teil des Namens eingeben',
  'picker.missing': 'Wählen Sie eine VM der Liste.',
  'picker.invalid':
    'Wählen Sie eine VM der Liste, oder nennen Sie eine als SOURCE/NAME oder als Entity-Ref.',
  'vmPlace.byRule': 'nach Regel: {{name}}',
  'vmPlace.byRuleWords': 'Sofern keine Regel des Ziels eine andere nennt.',
  'vmPlace.defaultTarget': 'das Standardziel',
  'vmPlace.mayNotSee':
    'Sie dürfen nicht sehen, welche Ziele es gibt. Nennen Sie eines, das man Ihnen gesagt hat, oder lassen Sie es beim Standardziel.',
  'vmPlace.noTargets': 'Noch gibt es kein Ziel.',
  'vmPlace.noTargetsWords':
    'Wer dieses Backstage betreibt, nennt Ziele unter vmMigrate.targets in der Konfiguration.',
  'vmPlace.faults.noTargets': 'Es gibt kein Ziel, wohin migriert werden kann.',
  'vmPlace.faults.noDefault': 'Wählen Sie ein Ziel: keines ist das Standardziel.',
  'vmPlace.faults.noSuchTarget': 'Es gibt kein Ziel {{target}}: wählen Sie eines der Liste.',
  'vmPlace.faults.noSuchClass':
    'Das Ziel hat keine Speicherklasse {{storageClass}}: wählen Sie eine der Liste.',
  'vmPlan.noVm': 'Wählen Sie zuerst eine VM: ihr Plan wird hier gezeigt.',
  'vmPlan.noEntity': 'Der Katalog zeigt Ihnen keine VM {{vm}}.',
  'vmPlan.noEntityHint':
    'Gehen Sie zurück und wählen Sie eine der Liste; die Entity einer VM nennt Quelle und ID.',
  'vmPlan.blocks_one': 'Ein Befund blockiert den Beginn.',
  'vmPlan.blocks_other': '{{count}} Befunde blockieren den Beginn.',
  'vmPlan.summary':
    '{{vm}}: {{kept}} von {{total}} Snapshots nach {{target}} ({{classes}}), {{bytes}} zu kopieren, {{volumes}}',
  'vmPlan.faults.noPlan':
    'Noch gibt es keinen Plan für das, was gewählt ist. Warten Sie, bis er gezeigt wird, oder beheben Sie, was daran nicht stimmt.',
  'vmPlan.faults.blocking_one':
    'Ein Befund blockiert den Plan: nehmen Sie ihn hin, oder beheben Sie ihn.',
  'vmPlan.faults.blocking_other':
    '{{count}} Befunde blockieren den Plan: nehmen Sie die hin, bei denen das geht, oder beheben Sie sie.',
};
