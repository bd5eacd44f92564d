'use strict';

const swcJest = require('@swc/jest');

// Turns TypeScript and ES modules into CommonJS for jest. One thing swc cannot know: an ES module
// may declare its own `__dirname` (yargs does), which in CommonJS is already a parameter of the
// module's function. `var` may repeat a parameter's name, `const` may not.
module.exports = {
  createTransformer(options) {
    const swc = swcJest.createTransformer(options);
    const mend = source =>
      source.includes('import.meta')
        ? source.replace(/^const (__dirname|__filename) =/gm, 'var $1 =')
        : source;
    return {
      ...swc,
      process: (source, ...rest) => swc.process(mend(source), ...rest),
      processAsync: (source, ...rest) => swc.processAsync(mend(source), ...rest),
    };
  },
};
