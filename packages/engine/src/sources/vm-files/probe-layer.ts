/**
 * What can be said about one VMDK without reading its data: all of it when it opens, and else as
 * much as its descriptor still tells, so that a broken file keeps its place in the tree.
 */
import { EngineError, toEngineError } from '../../errors';
import type { Layer, LayerFormat, LayerManifest, ParentLink } from '../../formats/layer';
import { openLayer } from '../../formats/open-layer';
import type { FileOpener, RandomAccess } from '../../formats/random-access';
import { parseDescriptor, type Descriptor } from '../../formats/vmdk/descriptor';
import type { LayerNode } from '../snapshot-tree';
import { folderOf, resolveIn } from './file-name';
import { isSourceTrouble } from './vm-folders';

export interface Probe {
  /** Absolute path; of the place where the file should be when it is missing. */
  readonly file: string;
  readonly format: LayerFormat;
  /** 0 when nothing is known. */
  readonly sizeBytes: number;
  readonly manifest: LayerManifest;
  readonly parent: ParentLink | undefined;
  readonly access: LayerNode['access'];
  /** Why it may not be read, when it may not. */
  readonly problem: EngineError | undefined;
}

/** Names are as in the file `from`; `undefined`: relative to the VM's folder. Trouble with a file is an answer; only trouble with the whole source is thrown. */
export type ProbeLayer = (name: string, from: string | undefined) => Promise<Probe>;

/** @param folder the VM's folder, absolute */
export function layerProber(opener: FileOpener, folder: string): ProbeLayer {
  return async (name, from) => {
    let layer: Layer | undefined;
    try {
      layer = await openLayer(opener, name, { unclean: 'report' }, from);
      return await probeOpened(layer);
    } catch (error) {
      const problem = toEngineError(error);
      if (isSourceTrouble(problem)) throw problem;
      return await probeBroken(opener, name, from, folder, problem);
    } finally {
      await layer?.close();
    }
  };
}

async function probeOpened(layer: Layer): Promise<Probe> {
  const manifest = await layer.manifest();
  const unclean = manifest.files.find(({ counters }) => isUnclean(counters));
  return {
    file: layer.file,
    format: layer.format,
    sizeBytes: layer.sizeBytes,
    manifest,
    parent: layer.parent,
    access: unclean === undefined ? 'frozen' : 'unclean',
    problem:
      unclean &&
      new EngineError('LAYER_UNCLEAN', {
        where: { file: layer.file },
        found: `a header of ${unclean.name} that says so`,
      }),
  };
}

/** Numbers, decimal or hexadecimal; 0 is clean. */
function isUnclean(counters: Readonly<Record<string, string>>): boolean {
  return ['uncleanShutdown', 'replayJournal'].some(
    name => !/^(0x)?0*$/.test(counters[name] ?? '0'),
  );
}

async function probeBroken(
  opener: FileOpener,
  name: string,
  from: string | undefined,
  folder: string,
  problem: EngineError,
): Promise<Probe> {
  const glance = await glanceAt(opener, name, from);
  const { cid = '', parentCid, parentFileNameHint, extents = [] } = glance?.descriptor ?? {};
  const names = extents.map(extent => extent.name).filter(extentName => extentName !== undefined);
  return {
    file: glance?.file ?? whereItShouldBe(name, from, folder),
    format: 'raw',
    sizeBytes: extents.reduce((sum, extent) => sum + extent.sizeBytes, 0),
    manifest: {
      descriptorSha256: '',
      cid,
      parentCid: parentCid ?? 'ffffffff',
      files: names.map(extentName => ({
        name: extentName,
        sizeBytes: 0,
        mtimeNs: '0',
        inode: '0',
        counters: {},
      })),
    },
    parent:
      parentCid === undefined || parentFileNameHint === undefined
        ? undefined
        : { hint: parentFileNameHint, parentCid },
    access: accessAfter(problem),
    problem,
  };
}

function accessAfter({ code }: EngineError): LayerNode['access'] {
  if (code === 'FILE_MISSING') return 'missing';
  return code === 'LAYER_UNCLEAN' ? 'unclean' : 'unsupported';
}

/** A descriptor is a few hundred bytes; longer ones are real but rare, and cut ones only lose their tail. */
const GLANCE_BYTES = 64 * 1024;

async function glanceAt(
  opener: FileOpener,
  name: string,
  from: string | undefined,
): Promise<{ file: string; descriptor: Descriptor | undefined } | undefined> {
  let file: RandomAccess | undefined;
  try {
    file = await opener.open(name, from);
    return { file: file.name, descriptor: await descriptorIn(file).catch(orTrouble) };
  } catch (error) {
    return orTrouble(error);
  } finally {
    await file?.close();
  }
}

function orTrouble(error: unknown): undefined {
  if (isSourceTrouble(toEngineError(error))) throw error;
  return undefined;
}

/** A text file, or the text inside a sparse file whose header still points at it (sectors at 28 and 36). */
export async function descriptorIn(file: RandomAccess): Promise<Descriptor | undefined> {
  const head = new Uint8Array(Math.min(file.sizeBytes, GLANCE_BYTES));
  await file.read(0, head);
  const bytes = Buffer.from(head.buffer);
  if (bytes.toString('latin1', 0, 4) !== 'KDMV') return parseDescriptor(head, file.name);
  if (bytes.length < 512) return undefined;
  const [offset, length] = [
    Number(bytes.readBigUInt64LE(28)) * 512,
    Number(bytes.readBigUInt64LE(36)) * 512,
  ];
  if (offset === 0 || length === 0 || length > 1024 * 1024 || offset + length > file.sizeBytes)
    return undefined;
  const text = new Uint8Array(length);
  await file.read(offset, text);
  return parseDescriptor(text, file.name, 'embedded');
}

/** For a file that is not there; never used to open anything. */
function whereItShouldBe(name: string, from: string | undefined, folder: string): string {
  const slashed = name.replaceAll('\\', '/');
  return resolveIn(from === undefined ? folder : folderOf(from), slashed);
}
