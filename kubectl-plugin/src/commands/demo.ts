/** demo (hidden, `npm run demo`): an example VM is made, planned, migrated, verified and shown. */
import { runDemo } from '../demo/run-demo';
import { defineVerb } from '../verb';

export const demo = defineVerb({
  name: 'demo',
  group: 'hidden',
  onThisMachine: 'it has a database and volumes of its own in a folder here',
  summary: 'migrates an example VM in .demo/ of the checkout',
  positionals: {},
  options: {
    reset: { type: 'boolean', default: false, describe: 'Start over: remove .demo/ first' },
  },
  examples: [],
  operations: ['plan', 'start', 'verify', 'getTree'],

  run: ({ reset }, session) => runDemo(session, { reset }),
});
