/**
 * System calls that Node's fs lacks, through koffi: holes, locks, reflinks, block devices.
 * Everything here is optional: where koffi or the platform cannot serve, callers take the plain way
 * (write zeros, read buffered) and say so in the receipt. Numbers and layouts: Linux on x64 and
 * arm64, where they are the same; macOS has the lock only.
 */
import { createRequire } from 'node:module';

import { isSystemError, systemError } from './errno';

export interface Posix {
  /** Offset of the first stored byte at or after `offset`; -1: none up to the end, or the file system cannot tell (then nothing may be concluded from an empty answer of a device). */
  seekData(fd: number, offset: number): number;
  /** Offset of the first hole at or after `offset`, the end of the file counts as one; -1 on an error. */
  seekHole(fd: number, offset: number): number;
  /** The range reads as zeros and takes no space; the size stays. @throws system error, EOPNOTSUPP where there are no holes */
  punchHole(fd: number, offset: number, length: number): void;
  /** The range reads as zeros; space stays. @throws system error */
  zeroRange(fd: number, offset: number, length: number): void;
  /** Asks the kernel to read the range into its cache; comes back before it is there. @throws system error */
  fadviseWillNeed(fd: number, offset: number, length: number): void;
  /** Asks the kernel to forget clean cached pages of the range. Dirty ones stay: flush first. @throws system error */
  fadviseDontNeed(fd: number, offset: number, length: number): void;
  /** Whether any page of the range is in the kernel's cache; also true where the kernel does not tell a stranger. `offset` on a page. @throws system error */
  isCached(fd: number, offset: number, length: number): boolean;
  /** Takes the lock at once or answers false. It goes with the last descriptor of this open file, also by SIGKILL. @throws system error */
  flockExclusive(fd: number): boolean;
  /** The same for readers: excludes writers only. */
  flockShared(fd: number): boolean;
  /** Type of the file system that holds `path`, as statfs names it in hex (`ef53` ext, `58465342` XFS). */
  fsType(path: string): string;
  /** Size of a block device in bytes. @throws system error */
  blkSize(fd: number): number;
  /** A block device reads as zeros there; offset and length are multiples of 512. @throws system error */
  blkZeroOut(fd: number, offset: number, length: number): void;
  /** Gives the range back; what it reads as afterwards is up to the device. @throws system error */
  blkDiscard(fd: number, offset: number, length: number): void;
  /** Shares the bytes with `to` instead of copying them. @throws system error, EOPNOTSUPP or EXDEV where that is impossible */
  cloneRange(from: number, fromOffset: number, length: number, to: number, toOffset: number): void;
  /** Copies inside the kernel; answers how many bytes went, 0 at the end of `from`. @throws system error */
  copyFileRange(
    from: number,
    fromOffset: number,
    to: number,
    toOffset: number,
    length: number,
  ): number;
  /** Two connected stream sockets, which children do not inherit by themselves. Absent where pipes are Node's own. @throws system error */
  socketPair?(): readonly [number, number];
}

/** The calls, or `undefined` where koffi cannot be loaded or the platform is neither Linux nor macOS. Loaded at the first call. */
export function posix(): Posix | undefined {
  if (!tried) {
    tried = true;
    loaded = load();
  }
  return loaded;
}

let tried = false;
let loaded: Posix | undefined;

export interface StoredRun {
  readonly offset: number;
  readonly length: number;
  readonly kind: 'data' | 'hole';
}

/** What of a file of `sizeBytes` is stored, in order, without gaps. Where nobody can tell: all of it. */
export function* storedRuns(fd: number, sizeBytes: number): Generator<StoredRun> {
  const calls = posix();
  let position = 0;
  while (position < sizeBytes) {
    const data = calls?.seekData(fd, position) ?? position;
    const dataStart = data < 0 ? sizeBytes : Math.min(Math.max(data, position), sizeBytes);
    if (dataStart > position)
      yield { offset: position, length: dataStart - position, kind: 'hole' };
    if (dataStart >= sizeBytes) return;
    const hole = calls?.seekHole(fd, dataStart) ?? sizeBytes;
    const dataEnd = hole <= dataStart ? sizeBytes : Math.min(hole, sizeBytes);
    yield { offset: dataStart, length: dataEnd - dataStart, kind: 'data' };
    position = dataEnd;
  }
}

const SEEK_DATA = 3;
const SEEK_HOLE = 4;
const KEEP_SIZE = 0x01;
const PUNCH_HOLE = 0x02;
const ZERO_RANGE = 0x10;
const WILLNEED = 3;
/** The kernel takes no more of one piece of advice than its read-ahead, 128 KiB as a rule, and says nothing about the rest. */
const WILLNEED_BYTES = 128 * 1024;
const DONTNEED = 4;
const PROT_READ = 1;
const MAP_SHARED = 1;
const MAP_FAILED = 0xffff_ffff_ffff_ffffn;
const SMALLEST_PAGE_BYTES = 4096;
const LOCK_SH = 1;
const LOCK_EX = 2;
const LOCK_NB = 4;
const BLKDISCARD = 0x1277;
const BLKZEROOUT = 0x127f;
const BLKGETSIZE64 = 0x80081272;
const FICLONERANGE = 0x4020940d;
const ENXIO = 6;
const AF_UNIX = 1;
const SOCK_STREAM_CLOEXEC = 1 | 0x80000;

interface Library {
  func(definition: string): (...args: unknown[]) => number;
}
interface Koffi {
  load(path: string | null): Library;
  errno(): number;
  address(pointer: unknown): bigint;
}

function load(): Posix | undefined {
  const { platform } = process;
  if (platform !== 'linux' && platform !== 'darwin') return undefined;
  try {
    // Through createRequire, so that no bundler tries to swallow a native module.
    const koffi = createRequire(__filename)('koffi') as Koffi;
    const library = koffi.load(null);
    return platform === 'linux' ? linux(koffi, library) : lockOnly(koffi, library);
  } catch {
    return undefined;
  }
}

function linux(koffi: Koffi, library: Library): Posix {
  const lseek = library.func('int64_t lseek(int fd, int64_t offset, int whence)');
  const fallocate = library.func('int fallocate(int fd, int mode, int64_t offset, int64_t length)');
  const fadvise = library.func(
    'int posix_fadvise(int fd, int64_t offset, int64_t length, int advice)',
  );
  const mmap = library.func(
    'void *mmap(void *at, size_t length, int protection, int flags, int fd, int64_t offset)',
  );
  const mincore = library.func('int mincore(void *at, size_t length, void *pages)');
  const munmap = library.func('int munmap(void *at, size_t length)');
  const ioctl = library.func('int ioctl(int fd, unsigned long request, void *argument)');
  const statfs = library.func('int statfs(const char *path, void *into)');
  const copyRange = library.func(
    'int64_t copy_file_range(int from, int64_t *fromOffset, int to, int64_t *toOffset, size_t length, unsigned int flags)',
  );
  const socketpair = library.func('int socketpair(int domain, int type, int protocol, void *into)');
  const check = (call: string, answer: number): number => {
    if (answer < 0) throw systemError(call, koffi.errno());
    return answer;
  };
  const seek = (fd: number, offset: number, whence: number): number => {
    const found = lseek(fd, offset, whence);
    if (found >= 0) return found;
    // ENXIO means "nothing there". Any other error says nothing: then everything counts as stored.
    return koffi.errno() === ENXIO || whence === SEEK_HOLE ? -1 : offset;
  };
  const advise = (fd: number, offset: number, length: number, advice: number): void => {
    // The one call that answers with the error number itself.
    const errno = fadvise(fd, offset, length, advice);
    if (errno !== 0) throw systemError('posix_fadvise', errno);
  };
  const range = (offset: number, length: number): BigUint64Array =>
    BigUint64Array.of(BigInt(offset), BigInt(length));

  return {
    ...locks(koffi, library),
    seekData: (fd, offset) => seek(fd, offset, SEEK_DATA),
    seekHole: (fd, offset) => seek(fd, offset, SEEK_HOLE),
    punchHole: (fd, offset, length) =>
      void check('fallocate', fallocate(fd, PUNCH_HOLE | KEEP_SIZE, offset, length)),
    zeroRange: (fd, offset, length) =>
      void check('fallocate', fallocate(fd, ZERO_RANGE | KEEP_SIZE, offset, length)),
    fadviseWillNeed(fd, offset, length) {
      const end = offset + length;
      for (let at = offset; at < end; at += WILLNEED_BYTES)
        advise(fd, at, Math.min(WILLNEED_BYTES, end - at), WILLNEED);
    },
    fadviseDontNeed: (fd, offset, length) => advise(fd, offset, length, DONTNEED),
    isCached(fd, offset, length) {
      // Mapped, never touched: nothing is read by this.
      const at = mmap(null, length, PROT_READ, MAP_SHARED, fd, offset);
      if (koffi.address(at) === MAP_FAILED) throw systemError('mmap', koffi.errno());
      try {
        const pages = Buffer.alloc(Math.ceil(length / SMALLEST_PAGE_BYTES));
        check('mincore', mincore(at, length, pages));
        return pages.some(page => (page & 1) !== 0);
      } finally {
        munmap(at, length);
      }
    },
    fsType(path) {
      const buffer = Buffer.alloc(256);
      check('statfs', statfs(path, buffer));
      return buffer.readUInt32LE(0).toString(16);
    },
    blkSize(fd) {
      const size = new BigUint64Array(1);
      check('ioctl BLKGETSIZE64', ioctl(fd, BLKGETSIZE64, size));
      return Number(size[0]);
    },
    blkZeroOut: (fd, offset, length) =>
      void check('ioctl BLKZEROOUT', ioctl(fd, BLKZEROOUT, range(offset, length))),
    blkDiscard: (fd, offset, length) =>
      void check('ioctl BLKDISCARD', ioctl(fd, BLKDISCARD, range(offset, length))),
    cloneRange(from, fromOffset, length, to, toOffset) {
      const argument = BigInt64Array.of(
        BigInt(from),
        BigInt(fromOffset),
        BigInt(length),
        BigInt(toOffset),
      );
      check('ioctl FICLONERANGE', ioctl(to, FICLONERANGE, argument));
    },
    copyFileRange(from, fromOffset, to, toOffset, length) {
      const [source, target] = [
        BigInt64Array.of(BigInt(fromOffset)),
        BigInt64Array.of(BigInt(toOffset)),
      ];
      return check('copy_file_range', copyRange(from, source, to, target, length, 0));
    },
    socketPair() {
      const fds = new Int32Array(2);
      check('socketpair', socketpair(AF_UNIX, SOCK_STREAM_CLOEXEC, 0, fds));
      return [fds[0] as number, fds[1] as number];
    },
  };
}

/** macOS: flock as on Linux; everything else takes the plain way. */
function lockOnly(koffi: Koffi, library: Library): Posix {
  const unsupported = (): never => {
    throw systemError('unsupported here', 95);
  };
  return {
    ...locks(koffi, library),
    seekData: (_fd, offset) => offset,
    seekHole: () => -1,
    punchHole: unsupported,
    zeroRange: unsupported,
    fadviseWillNeed: unsupported,
    fadviseDontNeed: unsupported,
    isCached: unsupported,
    fsType: unsupported,
    blkSize: unsupported,
    blkZeroOut: unsupported,
    blkDiscard: unsupported,
    cloneRange: unsupported,
    copyFileRange: unsupported,
  };
}

function locks(koffi: Koffi, library: Library): Pick<Posix, 'flockExclusive' | 'flockShared'> {
  const flock = library.func('int flock(int fd, int operation)');
  const take = (fd: number, kind: number): boolean => {
    for (;;) {
      if (flock(fd, kind | LOCK_NB) === 0) return true;
      const error = systemError('flock', koffi.errno());
      if (isSystemError(error, 'EINTR')) continue;
      if (isSystemError(error, 'EAGAIN', 'EWOULDBLOCK')) return false;
      throw error;
    }
  };
  return {
    flockExclusive: fd => take(fd, LOCK_EX),
    flockShared: fd => take(fd, LOCK_SH),
  };
}
