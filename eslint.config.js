'use strict';

const js = require('@eslint/js');
const tseslint = require('typescript-eslint');

module.exports = tseslint.config(
  {
    ignores: [
      '**/node_modules/',
      '**/dist/',
      '.tools/',
      '.demo/',
      '.gallery/',
      '.yarn/',
      'coverage/',
      '**/*.d.ts',
      '**/*.generated.ts',
      // Of somebody else: typechecked where it is installed.
      'test/install/consumer/',
    ],
  },
  js.configs.recommended,
  {
    files: ['**/*.{js,cjs,mjs}'],
    languageOptions: { globals: nodeGlobals() },
  },
  {
    files: ['**/*.{js,cjs}'],
    languageOptions: { sourceType: 'commonjs' },
  },
  {
    files: ['test/jest/patience.js'],
    languageOptions: { globals: { jest: 'readonly' } },
  },
  {
    files: ['**/*.{ts,tsx}'],
    extends: [tseslint.configs.recommended],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: __dirname } },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrors: 'none' },
      ],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-restricted-syntax': [
        'error',
        {
          selector:
            ':matches(TemplateElement[value.raw=/\\bfor update\\b/i], Literal[value=/\\bfor update\\b/i])',
          message:
            'Lock rows `for no key update`: `for update` waits for the keys that foreign keys of other transactions hold, and they for it.',
        },
      ],
    },
  },
);

function nodeGlobals() {
  const names = [
    'Buffer',
    'URL',
    'AbortController',
    'AbortSignal',
    'TextDecoder',
    'TextEncoder',
    'clearInterval',
    'clearTimeout',
    'console',
    'exports',
    'fetch',
    'global',
    'module',
    'performance',
    'process',
    'require',
    'setImmediate',
    'setInterval',
    'setTimeout',
    'structuredClone',
    '__dirname',
    '__filename',
  ];
  return Object.fromEntries(names.map(name => [name, 'readonly']));
}
