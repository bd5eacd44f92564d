/** What was done, as the document that stands on its own years later, and its downloads. */
import { MarkdownContent } from '@backstage/core-components';
import { useAnalytics } from '@backstage/frontend-plugin-api';
import { Button } from '@backstage/ui';
import { RiDownloadLine } from '@remixicon/react';
import { reportMarkdown, type ReportView } from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { useMemo } from 'react';
import { Answer } from '../../parts/answer';
import { download } from '../../parts/download';
import { useWords } from '../../parts/use-words';
import { useOperation } from '../../surface/queries';
import styles from './migration.module.css';

export function ReportTab({ migration }: { readonly migration: string }) {
  const query = useOperation('getReport', { migration });
  return <Answer query={query}>{report => <Report report={report} />}</Answer>;
}

function Report({ report }: { readonly report: ReportView }) {
  const { t } = useWords();
  const analytics = useAnalytics();
  const markdown = useMemo(() => reportMarkdown(report), [report]);
  const { id } = report.migration;
  const save = (ending: 'md' | 'json', type: string, text: string): void => {
    analytics.captureEvent('download report', id, { attributes: { ending } });
    download(`vm-migrate-${id}.${ending}`, type, text);
  };
  return (
    <div className={styles['stack']}>
      <div className={styles['acts']}>
        <Button
          variant="secondary"
          size="small"
          iconStart={<RiDownloadLine aria-hidden />}
          onPress={() => save('md', 'text/markdown', markdown)}
        >
          {t('report.markdown')}
        </Button>
        <Button
          variant="secondary"
          size="small"
          iconStart={<RiDownloadLine aria-hidden />}
          onPress={() =>
            save('json', 'application/json', JSON.stringify({ kind: 'Report', ...report }, null, 2))
          }
        >
          {t('report.json')}
        </Button>
        <span className={styles['quiet']}>{t('report.inEnglish')}</span>
      </div>
      {/* Its tables are wider than a narrow window, and hold nothing that takes the focus. */}
      <article
        className={styles['report']}
        lang="en"
        tabIndex={0}
        aria-label={t('migration.tab.report')}
      >
        <MarkdownContent content={markdown} />
      </article>
    </div>
  );
}
