import { NOTHING_CHOSEN, type Draft } from './draft';
import { addressOfDraft, draftOfAddress } from './draft-address';

const VM = 'lab/web-1';

describe('address of a draft', () => {
  it.each<[string, Partial<Draft>, string]>([
    ['nothing chosen', {}, ''],
    ['newest', { rule: 'newest', newest: 0 }, '&keep=newest&count=0'],
    ['age', { rule: 'age', days: 7 }, '&keep=age&days=7'],
    ['names', { rule: 'names', keptIds: new Set(['1', '3']) }, '&keep=names&snapshot=1&snapshot=3'],
    ['no name', { rule: 'names', keptIds: new Set() }, '&keep=names&snapshot='],
    ['where to', { target: 'cluster', storageClass: 'fast' }, '&target=cluster&class=fast'],
    [
      'disks',
      { classByDisk: { 'a=b': 'slow' }, leftOut: new Set(['c']) },
      '&diskClass=a%3Db%3Dslow&leaveOut=c',
    ],
    [
      'the rest',
      { namePrefix: 'shop', cutCurrent: true, sampleWindows: 0 },
      '&prefix=shop&cutCurrent=true&sample=0',
    ],
    // What is wrong is shown as wrong.
    ['a wrong prefix', { namePrefix: 'Bad Name!!' }, '&prefix=Bad+Name%21%21'],
  ])('%s', (_name, chosen, address) => {
    const draft = { ...NOTHING_CHOSEN, ...chosen };
    const query = addressOfDraft(VM, draft);
    expect(query.toString()).toBe(`vm=lab%2Fweb-1${address}`);
    expect(draftOfAddress(query)).toEqual(draft);
  });

  it('counts what it says wrongly as not said', () => {
    const query = new URLSearchParams(
      'keep=some&count=-1&days=0&diskClass=a&diskClass=%3Db&sample=x&cutCurrent=1&leaveOut=',
    );
    expect(draftOfAddress(query)).toEqual(NOTHING_CHOSEN);
  });
});
