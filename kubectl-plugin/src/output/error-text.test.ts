import { EngineError } from '../../../packages/engine/src/errors';
import { errorText } from './error-text';
import { HOSTILE_NAMES } from './hostile-names';
import { PLAIN, type Style } from './style';

const style: Style = { palette: PLAIN, width: 80, symbols: 'unicode' };
const error = new EngineError('LAYER_DAMAGED', {
  where: { file: 'a.vmdk', offsetBytes: 512 },
  expected: 'a grain before sector 128',
  found: 'sector 900',
  hint: 'Copy it again.',
});
const LINES = [
  'error: A VMDK file contradicts itself or is cut short. (LAYER_DAMAGED)',
  '  where: a.vmdk, offset 512',
  '  expected: a grain before sector 128; found: sector 900',
  '  next: Copy it again.',
];

it('says in four lines what failed, where, what was found, and what to do', () => {
  const { code, message, where, expected, found, hint = '' } = error;
  expect(
    errorText(
      { code, message, where, expected: expected ?? '', found: found ?? '', hint },
      style,
    ).split('\n'),
  ).toEqual(LINES);
});

it('takes the parts from the sentence where a view has only that', () => {
  expect(
    errorText({ code: error.code, message: error.message, hint: 'Copy it again.' }, style).split(
      '\n',
    ),
  ).toEqual(LINES);
});

it('always has a next step', () => {
  expect(
    errorText({ code: 'NOT_FOUND', message: 'There is no such object.' }, style).split('\n'),
  ).toEqual([
    'error: There is no such object. (NOT_FOUND)',
    '  next: kubectl vm-migrate explain NOT_FOUND',
  ]);
});

it.each(HOSTILE_NAMES)('is at most four lines whatever the object is called: %j', name => {
  const hostile = new EngineError('VM_NOT_FOUND', {
    where: { object: name },
    found: name,
    hint: name,
  });
  const text = errorText({ code: hostile.code, message: hostile.message, hint: name }, style);
  expect(text.split('\n').length).toBeLessThanOrEqual(4);
  expect(text.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
});
