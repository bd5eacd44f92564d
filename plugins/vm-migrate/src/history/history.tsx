/** A VM's history with what it is made of, and the ways through it that a long one needs. */
import { Button } from '@backstage/ui';
import {
  printable,
  type TreeNodeView,
  type TreeView,
} from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { RiFocus3Line, RiStackLine } from '@remixicon/react';
import { useMemo, useRef, useState } from 'react';
import { bytesText } from '../parts/format';
import { useWords } from '../parts/use-words';
import { pointStateOf } from './disk-state';
import { HistoryGrid, type HistoryGridHandle } from './history-grid';
import styles from './history.module.css';

export function History({ tree }: { readonly tree: TreeView }) {
  const { t, language } = useWords();
  const [open, setOpen] = useState<ReadonlySet<string>>(() => failedOf(tree.nodes));
  const grid = useRef<HistoryGridHandle>(null);
  const { nodes, disks } = tree;
  const now = useMemo(() => busiestOf(nodes), [nodes]);
  const snapshots = nodes.filter(({ id }) => id !== 'current').length;
  const allOpen = nodes.every(({ id }) => open.has(id));
  return (
    <section className={styles['history']}>
      <div className={styles['bar1']}>
        <span className={styles['quiet']}>
          {[
            t('history.snapshots', { count: snapshots }),
            t('history.disks', {
              count: disks.length,
              bytes: bytesText(
                disks.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
                language,
              ),
            }),
            t('history.ownTime'),
          ].join(' · ')}
        </span>
        <span className={styles['acts']}>
          {now !== undefined && (
            <Button variant="tertiary" size="small" onPress={() => grid.current?.show(now.id)}>
              {t(`history.show.${now.stage}`)}
            </Button>
          )}
          <Button
            variant="tertiary"
            size="small"
            iconStart={<RiFocus3Line aria-hidden />}
            onPress={() => grid.current?.show('current')}
          >
            {t('history.show.current')}
          </Button>
          <Button
            variant="tertiary"
            size="small"
            iconStart={<RiStackLine aria-hidden />}
            onPress={() => setOpen(allOpen ? new Set() : new Set(nodes.map(({ id }) => id)))}
          >
            {t(allOpen ? 'history.closeAll' : 'history.openAll')}
          </Button>
        </span>
      </div>
      <HistoryGrid
        points={nodes}
        label={t('history.label', { vm: printable(tree.vm) })}
        open={open}
        onOpen={setOpen}
        handle={grid}
      />
    </section>
  );
}

function failedOf(nodes: readonly TreeNodeView[]): ReadonlySet<string> {
  return new Set(nodes.filter(node => pointStateOf(node).stage === 'failed').map(({ id }) => id));
}

/** The first point that failed, else the first that is copied, that is verified, that waits. */
function busiestOf(nodes: readonly TreeNodeView[]) {
  const states = nodes.map(node => ({ id: node.id, stage: pointStateOf(node).stage }));
  for (const stage of ['failed', 'copying', 'verifying', 'waiting'] as const) {
    const found = states.find(state => state.stage === stage);
    if (found !== undefined) return { id: found.id, stage };
  }
  return undefined;
}
