/** Sources, targets, workers, the queue and the limits: whether everything that is needed is there, and what it does. */
import { PageFrame } from '../page-frame';
import { Limits } from './limits';
import styles from './operations.module.css';
import { Queue } from './queue';
import { Sources } from './sources';
import { Targets } from './targets';
import { Workers } from './workers';

export function OperationsPage() {
  return (
    <PageFrame>
      <div className={styles['page']}>
        <Queue />
        <Workers />
        <Limits />
        <Sources />
        <Targets />
      </div>
    </PageFrame>
  );
}
