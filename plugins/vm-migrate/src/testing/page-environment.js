'use strict';

// jsdom, with Node's own where jsdom has none or one of its own that differs: fetch and what belongs to
// it, streams, text coders. `Error` too, or an error of those would be no Error in a test.
const { default: JsdomEnvironment } = require('@jest/environment-jsdom-abstract');
const jsdom = require('jsdom');

const names = [
  'AbortController',
  'AbortSignal',
  'Blob',
  'BroadcastChannel',
  'Error',
  'FormData',
  'Headers',
  'ReadableStream',
  'Request',
  'Response',
  'TextDecoder',
  'TextDecoderStream',
  'TextEncoder',
  'TextEncoderStream',
  'TransformStream',
  'URL',
  'URLSearchParams',
  'WritableStream',
  'clearImmediate',
  'fetch',
  'setImmediate',
  'structuredClone',
];

module.exports = class PageEnvironment extends JsdomEnvironment {
  constructor(config, context) {
    super(config, context, jsdom);
    for (const name of names) this.global[name] = globalThis[name];
  }

  // Of packages that are published in several forms, the browser's would be one that jest cannot load.
  exportConditions() {
    return ['node', 'require', 'default'];
  }
};
