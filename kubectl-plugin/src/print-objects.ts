/** Objects of a cluster, as `kubectl apply -f -` takes them. */
import type { Terminal } from './terminal';
import { UsageError } from './usage-error';

export interface ClusterObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: { readonly name?: string };
}

/** Documents of YAML; `-o json` a List, `-o name` KIND/NAME. */
export async function printObjects(
  terminal: Terminal,
  objects: readonly ClusterObject[],
  comments: readonly (string | undefined)[] = [],
): Promise<void> {
  switch (terminal.format) {
    case 'json':
      return terminal.print(
        JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }, undefined, 2),
      );
    case 'name':
      return terminal.print(
        objects
          .map(({ kind = '', metadata }) => `${kind.toLowerCase()}/${metadata.name ?? ''}`)
          .join('\n'),
      );
    case 'markdown':
      throw new UsageError('objects are printed as yaml, json or name', 'As in: -o yaml');
    default: {
      const { stringify } = await import('yaml');
      const documents = objects.map((object, index) => {
        const text = stringify(object, { aliasDuplicateObjects: false, lineWidth: 0 });
        const comment = comments[index];
        return comment === undefined ? text : `# ${comment.replaceAll('\n', '\n# ')}\n${text}`;
      });
      return terminal.print(documents.join('---\n').trimEnd());
    }
  }
}
