/** tree: a VM's snapshot history, before, during and after its migration. */
import { EXIT } from '../exit-codes';
import { treeText } from '../output/tree-text';
import { printAnswer } from '../print';
import { defineVerb } from '../verb';

export const tree = defineVerb({
  name: 'tree',
  group: 'look',
  summary: "a VM's snapshot history, each point beside its VolumeSnapshots",
  positionals: {
    vm: {
      shown: 'VM',
      describe: 'SOURCE/NAME, NAME, a path, or the id of a migration',
      need: 'required',
      names: ['vm', 'migration'],
    },
  },
  options: {},
  examples: [
    { command: 'tree lab/web-1', why: 'before, during and after' },
    { command: 'tree ./web-1', why: 'of a folder' },
  ],
  operations: ['getTree'],

  async run({ vm }, session) {
    const engine = await session.engine();
    const view = await engine.call('getTree', { vm });
    await printAnswer(session.terminal, {
      data: { kind: 'Tree', ...view },
      names: () => view.nodes.map(({ id }) => `snapshot/${id}`),
      text: () => treeText(view, session.terminal.style),
    });
    return EXIT.done;
  },
});
