/** Every word that a person reads, in English; a file a page under `en`, and its twin for each other language. */
import { createTranslationRef } from '@backstage/frontend-plugin-api';
import { acts } from './en/acts';
import { common } from './en/common';
import { entity } from './en/entity';
import { findingWords } from './en/finding-words';
import { history } from './en/history';
import { migration } from './en/migration';
import { migrations } from './en/migrations';
import { newMigration } from './en/new-migration';
import { operations } from './en/operations';
import { parts } from './en/parts';
import { picker } from './en/picker';

/** For messages in another language, or other words in an app. @public */
export const vmMigrateTranslationRef = createTranslationRef({
  id: 'plugin.vm-migrate',
  messages: {
    ...common,
    ...parts,
    ...findingWords,
    ...acts,
    ...migrations,
    ...entity,
    ...history,
    ...migration,
    ...newMigration,
    ...operations,
    ...picker,
  },
});
