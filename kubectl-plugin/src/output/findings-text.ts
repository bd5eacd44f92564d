/** Findings: what stops a start, what is lost, what is good to know; each with its remedy and its id. */
import type { FindingView } from '@vm-migrate/api';
import { wrapWords } from './display-width';
import { printable } from './escape';
import { count } from './format';
import { marksOf } from './marks';
import type { Style } from './style';

type Severity = FindingView['severity'];

const ORDER: readonly Severity[] = ['blocks', 'warns', 'informs'];
/** Prose wider than this is hard to read, however wide the terminal is. */
const PROSE_WIDTH = 100;

/** Grouped by severity; `[]` when there is nothing to say. The id stands alone: it is what --accept takes. */
export function findingsLines(findings: readonly FindingView[], style: Style): string[] {
  return ORDER.flatMap(severity => {
    const group = findings.filter(finding => finding.severity === severity);
    if (group.length === 0) return [];
    return [
      '',
      heading(severity, group, style),
      ...group.flatMap(each => findingLines(each, style)),
    ];
  }).slice(1);
}

function heading(severity: Severity, group: readonly FindingView[], { palette }: Style): string {
  const findings = count(group.length, 'finding');
  switch (severity) {
    case 'blocks': {
      const open = group.filter(finding => finding.acceptedBy === undefined).length;
      const verb = group.length === 1 ? 'blocks' : 'block';
      return palette.bold(
        palette.red(`${findings} ${verb} the start${open === 0 ? ': all accepted' : ''}`),
      );
    }
    case 'warns':
      return palette.bold(palette.yellow(count(group.length, 'warning')));
    case 'informs':
      return palette.bold(count(group.length, 'note'));
  }
}

function findingLines(finding: FindingView, style: Style): string[] {
  const { palette } = style;
  const marks = marksOf(style);
  const color = { blocks: palette.red, warns: palette.yellow, informs: palette.dim }[
    finding.severity
  ];
  const room = Math.min(style.width, PROSE_WIDTH) - 4;
  const cause = printable(finding.cause);
  // Most causes name their object themselves.
  const said = cause.includes(printable(finding.object))
    ? cause
    : `${printable(finding.object)}: ${cause}`;
  const remedy = wrapWords(printable(finding.remedy), room - marks.arrow.length - 1);
  return [
    `${color(marks[finding.severity])} ${palette.bold(printable(finding.id))}${acceptance(finding, style)}`,
    ...wrapWords(said, room).map(line => `    ${line}`),
    ...remedy.map(
      (line, index) =>
        `    ${index === 0 ? palette.cyan(marks.arrow) : ' '.repeat(marks.arrow.length)} ${line}`,
    ),
  ];
}

function acceptance({ acceptedBy, severity, acceptable }: FindingView, { palette }: Style): string {
  if (acceptedBy !== undefined) return palette.dim(`  accepted by ${printable(acceptedBy)}`);
  if (severity !== 'blocks') return '';
  return palette.dim(acceptable ? '  may be accepted' : '  has to be mended');
}
