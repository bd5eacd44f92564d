import { ERROR_STATUS, type OperationAnswers, type OperationName } from '@vm-migrate/api';
import { ERROR_CODES } from '../errors';
import type { OperationAnswer } from './table';

/** Checked by the compiler: what the engine answers is what the api says, for every operation. */
type Fits = {
  [Name in OperationName]: OperationAnswer<Name> extends OperationAnswers[Name] ? true : Name;
}[OperationName];

describe('the api', () => {
  it('says of every operation what the engine answers', () => {
    const fits: Fits = true;
    const names: Record<keyof OperationAnswers, true> = {} as Record<OperationName, true>;
    expect([fits, names]).toBeDefined();
  });

  it('has a status for every error code, and for no other', () => {
    expect(Object.keys(ERROR_STATUS).sort()).toEqual(Object.keys(ERROR_CODES).sort());
  });
});
