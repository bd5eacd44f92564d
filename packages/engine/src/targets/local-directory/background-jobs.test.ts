import { isPending } from '../target';
import { BackgroundJobs } from './background-jobs';

describe('background jobs', () => {
  const slow = () => {
    const { promise, resolve, reject } = Promise.withResolvers<object>();
    return { promise, resolve, reject };
  };

  it('an end that nobody came for does not stand in the way of another wish', async () => {
    const jobs = new BackgroundJobs(5);
    const making = slow();
    expect(isPending(await jobs.run('volume a', 'make', 'a', () => making.promise))).toBe(true);
    // While it runs, the other wish waits.
    expect(
      isPending(await jobs.run('volume a', 'remove', 'a', async () => ({ removed: true }))),
    ).toBe(true);
    making.resolve({ made: true });
    await making.promise;
    expect(await jobs.run('volume a', 'remove', 'a', async () => ({ removed: true }))).toEqual({
      removed: true,
    });
  });

  it('an old success is not handed on: the work looks again', async () => {
    const jobs = new BackgroundJobs(5);
    const first = slow();
    await jobs.run('volume a', 'remove', 'a', () => first.promise);
    first.resolve({ run: 1 });
    await first.promise;
    expect(await jobs.run('volume a', 'remove', 'a', async () => ({ run: 2 }))).toEqual({ run: 2 });
  });

  it('an old failure is told once', async () => {
    const jobs = new BackgroundJobs(5);
    const first = slow();
    await jobs.run('volume a', 'make', 'a', () => first.promise);
    first.reject(new Error('no space'));
    await first.promise.catch(() => undefined);
    await expect(jobs.run('volume a', 'make', 'a', async () => ({}))).rejects.toThrow('no space');
    expect(await jobs.run('volume a', 'make', 'a', async () => ({ made: true }))).toEqual({
      made: true,
    });
  });
});
