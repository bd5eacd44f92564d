import { parseLine } from './arguments';
import { clusterFlags, clusterWords } from './cluster-flags';
import { UsageError } from './usage-error';
import { VERBS } from './verbs';

const globalsOf = (line: string) => parseLine(line.split(' '), VERBS).globals;

describe("kubectl's flags of a cluster", () => {
  it.each(['plan web', 'start web', 'doctor', 'get vms', 'version'])('are taken by %s', line => {
    const globals = globalsOf(
      `--context prod -n vms ${line} --kubeconfig kube/config --as jane --as-group a --as-group b --request-timeout 1m30s`,
    );
    expect(clusterFlags(globals)).toEqual({
      kubeconfig: 'kube/config',
      context: 'prod',
      namespace: 'vms',
      as: 'jane',
      asGroups: ['a', 'b'],
      requestTimeoutMs: 90_000,
    });
    expect(clusterWords(globals).join(' ')).toBe(
      '--kubeconfig kube/config --context prod -n vms --as jane --as-group a --as-group b',
    );
  });

  it('say nothing when none is given', () => {
    expect(clusterFlags(globalsOf('plan web'))).toEqual({});
    expect(clusterWords(globalsOf('plan web'))).toEqual([]);
  });

  it.each([
    ['30', 30_000],
    ['500ms', 500],
    ['2m', 120_000],
    ['0', 86_400_000],
    ['0s', 86_400_000],
  ])('a request timeout of %s is %i ms', (words, ms) => {
    expect(clusterFlags(globalsOf(`plan web --request-timeout ${words}`))).toEqual({
      requestTimeoutMs: ms,
    });
  });

  it.each(['plan web --request-timeout soon', 'plan web --as-group admins'])(
    'refuses: %s',
    line => {
      expect(() => clusterFlags(globalsOf(line))).toThrow(UsageError);
    },
  );
});
