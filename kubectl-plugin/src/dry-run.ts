/** `--dry-run` of plan and start: the objects that would be applied, instead of doing it. */
import type { DryRun, Engine, Plan, PreviewedObject } from '@vm-migrate/engine';
import { EXIT, type ExitCode } from './exit-codes';
import { printable } from './output/escape';
import { tableLines } from './output/table';
import { isForPeople } from './print';
import { printObjects } from './print-objects';
import type { Session } from './session';
import type { OptionTable } from './tables';

export const DRY_RUN_OPTION = {
  'dry-run': {
    type: 'string',
    choices: ['none', 'client', 'server'],
    default: 'none',
    describe:
      'Print the objects instead, of a Kubernetes target; server: with what its admission says',
  },
} as const satisfies OptionTable;

/** `undefined`: it is meant. */
export function dryRunOf(said: string | undefined): DryRun | undefined {
  return said === 'client' || said === 'server' ? said : undefined;
}

/** One VM after the other. Exit code 1 when the API server refused an object. */
export async function printDryRun(
  session: Session,
  engine: Engine,
  plans: readonly Plan[],
  how: DryRun,
): Promise<ExitCode> {
  const objects: PreviewedObject[] = [];
  for (const plan of plans) objects.push(...(await engine.preview(plan, how)));
  const { terminal } = session;
  if (isForPeople(terminal)) printTable(session, objects);
  else
    await printObjects(
      terminal,
      objects.map(({ object }) => object),
      objects.map(comment),
    );
  if (how === 'server') terminal.say(summary(objects));
  return codeOf(objects);
}

function printTable({ terminal }: Session, objects: readonly PreviewedObject[]): void {
  terminal.print(
    tableLines(
      [
        { heading: 'KIND', of: ({ object }: PreviewedObject) => object.kind ?? '' },
        { heading: 'NAME', of: ({ object }: PreviewedObject) => object.metadata.name ?? '' },
        { heading: 'FOR', of: ({ words }: PreviewedObject) => words, shortens: true },
        { heading: 'ANSWER', of: answerWords, shortens: true },
      ],
      objects,
      terminal.style,
    ),
  );
}

function answerWords({ admission }: PreviewedObject): string {
  if (admission === undefined) return 'not asked';
  return admission.answer === 'refused' ? `refused: ${admission.why}` : admission.answer;
}

function comment(one: PreviewedObject): string {
  const words = printable(one.words);
  return one.admission === undefined ? words : `${words}\nserver: ${printable(answerWords(one))}`;
}

function summary(objects: readonly PreviewedObject[]): string[] {
  const count = (answer: string): number =>
    objects.filter(({ admission }) => admission?.answer === answer).length;
  return [
    `Of ${objects.length} objects ${count('admitted')} are admitted, ${count('exists')} are there already, ${count('refused')} are refused.`,
    ...objects.flatMap(one =>
      one.admission?.answer === 'refused'
        ? [
            `${one.object.kind ?? ''} ${one.object.metadata.name ?? ''}: ${printable(answerWords(one))}`,
          ]
        : [],
    ),
  ];
}

function codeOf(objects: readonly PreviewedObject[]): ExitCode {
  return objects.some(({ admission }) => admission?.answer === 'refused') ? EXIT.failed : EXIT.done;
}
